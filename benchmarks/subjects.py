"""The callbacks that are compared: an empty one, a reference, ours at each level, and the trackers that are installed.

A subject is made by a function that takes the folder it may write to. One whose library is missing is left out.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from transformers import PrinterCallback, TrainerCallback
from transformers.integrations import integration_utils

from verbose_logging import VerboseLoggingCallback
from verbose_logging.levels import LEVELS

Make: TypeAlias = Callable[[Path], TrainerCallback]

EMPTY = "empty"
REFERENCE = "dictionary and deque"
_FIELDS = tuple(f"field_{number}" for number in range(23))


class Empty(TrainerCallback):
    """Does nothing; everything is measured above it."""


class DictionaryAndDeque(TrainerCallback):
    """The reference: what the simplest recorder would do, once a step."""

    def __init__(self) -> None:
        self._rows: deque[dict[str, Any]] = deque(maxlen=100_000)

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Builds 25 fields and keeps them."""
        now = time.monotonic()
        self._rows.append(dict.fromkeys(_FIELDS, now) | {"step": state.global_step, "epoch": state.epoch})


def ours(level: str, folder: Path) -> VerboseLoggingCallback:
    """Returns our callback at a level, with all of its files and a silent console."""
    return VerboseLoggingCallback(level, log_file=str(folder / "log.jsonl"), console="off")


def _tensorboard(folder: Path) -> TrainerCallback:
    os.environ["TENSORBOARD_LOGGING_DIR"] = str(folder / "tensorboard")
    return integration_utils.TensorBoardCallback()


def _trackio(folder: Path) -> TrainerCallback:
    os.environ["TRACKIO_DIR"] = str(folder / "trackio")
    return integration_utils.TrackioCallback()


def _wandb(folder: Path) -> TrainerCallback:
    os.environ.update(WANDB_MODE="offline", WANDB_DIR=str(folder), WANDB_SILENT="true")
    return integration_utils.WandbCallback()


def _mlflow(folder: Path) -> TrainerCallback:
    os.environ.update(MLFLOW_TRACKING_URI=(folder / "mlruns").as_uri(), MLFLOW_ALLOW_FILE_STORE="true")
    return integration_utils.MLflowCallback()


OURS: dict[str, Make] = {level: partial(ours, level) for level in LEVELS}
OTHERS: dict[str, Make] = {
    "PrinterCallback": lambda _: PrinterCallback(),
    "TensorBoardCallback": _tensorboard,
    "trackio": _trackio,
    "W&B offline": _wandb,
    "MLflow": _mlflow,
}
SUBJECTS: dict[str, Make] = {EMPTY: lambda _: Empty(), REFERENCE: lambda _: DictionaryAndDeque(), **OURS, **OTHERS}


def installed(names: Sequence[str], folder: Path) -> dict[str, TrainerCallback]:
    """Returns the subjects of those names whose libraries are there, each with a folder of its own."""
    made: dict[str, TrainerCallback] = {}
    for place, name in enumerate(names):
        own = folder / f"subject-{place}"
        own.mkdir()
        try:
            made[name] = SUBJECTS[name](own)
        except (ImportError, RuntimeError):  # how transformers says that a library is missing
            continue
    return made
