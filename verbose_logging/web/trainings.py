"""Trainings that were started over HTTP: each a process of its own, with its files in a folder of its own."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from verbose_logging.errors import MissingExtraError
from verbose_logging.options.config_file import given_config
from verbose_logging.training.config import check_config

LOG_NAME = "verbose_training_logs.jsonl"
_TAIL_BYTES = 4096


class Training(NamedTuple):
    """A training that was started here.

    Args:
        run_id: The run's id, given to it.
        folder: Where its config, its log and what it prints lie.
        process: The process.
    """

    run_id: str
    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def is_alive(self) -> bool:
        """Whether the process is still there."""
        return self.process.poll() is None

    @property
    def last_words(self) -> str:
        """The last line that it printed, where a process that failed says why."""
        try:
            tail = (self.folder / "output.txt").read_bytes()[-_TAIL_BYTES:]
        except OSError:
            return ""
        return next((line for line in reversed(tail.decode(errors="replace").splitlines()) if line.strip()), "")


class Trainings:
    """Starts and stops trainings.

    Args:
        log_dir: Gets a folder for each.
    """

    def __init__(self, log_dir: Path) -> None:
        self._log_dir = log_dir
        self._started: dict[str, Training] = {}
        self._lock = threading.Lock()

    def start(self, config: Mapping[str, Any]) -> str:
        """Starts a training in the background and returns its run's id.

        Args:
            config: As for `train_with_config`; it is recorded, and its log goes to the training's own folder.

        Raises:
            SettingsError: The config is wrong; nothing is started.
            MissingExtraError: What trains is not installed.
        """
        run_id = f"{datetime.now().astimezone():%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
        folder = self._log_dir / run_id
        whole = {
            "verbosity_level": "high",
            "output_dir": str(folder),
            **config,
            "use_verbose_logging": True,
            "log_file": str(folder / LOG_NAME),
            "run_id": run_id,
        }
        _check(whole)
        folder.mkdir(mode=0o700, parents=True)
        _write_private(folder / "config.json", msgspec.json.encode(whole))
        training = Training(run_id, folder, _process(folder))
        with self._lock:
            self._started[run_id] = training
        return run_id

    def find(self, run_id: str) -> Training | None:
        """Returns the training of that id, `None` for one that was not started here."""
        with self._lock:
            return self._started.get(run_id)

    def all(self) -> list[Training]:
        """Returns every training that was started here, in order."""
        with self._lock:
            return list(self._started.values())

    def stop(self, training: Training) -> None:
        """Asks a training to end, with all processes that it started; what it has learnt stays as its checkpoints."""
        if training.is_alive:
            os.killpg(training.process.pid, signal.SIGTERM)


def _check(config: Mapping[str, Any]) -> None:
    """Checks a config as the training itself will; the first time it loads what trains, for some seconds."""
    try:
        from verbose_logging.training.arguments import argument_types  # noqa: PLC0415 - reading runs does not need it
    except ModuleNotFoundError as error:
        raise MissingExtraError("POST /train", "train") from error
    check_config(given_config(config), argument_types())


def _process(folder: Path) -> subprocess.Popen[bytes]:
    """Starts the process, in a group of its own, so that an end of this one is no end of that."""
    command = [sys.executable, "-m", "verbose_logging", "train", str(folder / "config.json")]
    with os.fdopen(os.open(folder / "output.txt", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as output:
        return subprocess.Popen(  # noqa: S603 - our own interpreter, and a file for its argument
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )


def _write_private(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
