"""What bad use and bad luck get: a log where it can be kept, and a training that never notices."""

from __future__ import annotations

import json
import logging
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import IterableDataset
from transformers import Trainer, TrainerCallback

from verbose_logging import VerboseLoggingCallback
from verbose_logging.errors import SettingsError
from verbose_logging.testing import StubProbe

pytestmark = pytest.mark.trainer

MakeTrainer = Callable[..., Trainer]
Training = Callable[..., tuple[Any, list[dict[str, Any]]]]


def losses(trainer: Trainer) -> list[float]:
    """Returns the losses that the Trainer logged."""
    return [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]


@pytest.fixture
def undisturbed(make_trainer: MakeTrainer) -> list[float]:
    """The losses of a training without a callback of ours."""
    trainer = make_trainer(callbacks=[])
    trainer.train()
    return losses(trainer)


class Sealed(Trainer):  # type: ignore[misc]
    """A Trainer of which nothing can be wrapped."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "training_step":
            raise AttributeError("sealed")
        super().__setattr__(name, value)


def test_a_trainer_that_lets_nothing_be_tapped(train: Training, caplog: pytest.LogCaptureFixture) -> None:
    """It is recorded from its hooks alone, from its start on, and the log says so."""
    trainer, lines = train(trainer_class=Sealed, max_steps=3)
    sources = next(line for line in lines if line["type"] == "training_initialization")["metric_sources"]
    steps = [line for line in lines if line["type"] == "training_step_complete"]

    assert ["training_start"] == [line["type"] for line in lines if line["type"] == "training_start"]
    assert sources["loss"].startswith("the Trainer's log")
    assert losses(trainer) == [step["metrics"]["loss"] for step in steps]
    assert "taps failed: AttributeError: sealed" in caplog.text


class RemovesFolder(TrainerCallback):
    """Deletes a folder after the third step."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Deletes."""
        if state.global_step == 3:
            shutil.rmtree(self._folder)


def test_log_folder_deleted_in_the_middle(make_trainer: MakeTrainer, tmp_path: Path, undisturbed: list[float]) -> None:
    """Training goes on unchanged, the folder is made again, and the end is in it."""
    folder = tmp_path / "logs"
    callback = VerboseLoggingCallback("high", log_file=str(folder / "log.jsonl"), console="off")
    folder.mkdir()
    trainer = make_trainer(callbacks=[callback, RemovesFolder(folder)])
    trainer.train()
    callback.close()

    assert undisturbed == losses(trainer)
    assert '"type":"training_complete"' in (folder / "log.jsonl").read_text(encoding="utf-8")


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)],  # noqa: S607 - the system's mount
        check=False,
        capture_output=True,
        text=True,
    )
    if mounted.returncode:
        pytest.skip(f"cannot mount a small file system: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)  # noqa: S607


def test_full_disk(make_trainer: MakeTrainer, full_disk: Path, undisturbed: list[float]) -> None:
    """On a disk of 64 KiB training ends as it would have; what fits is there, whole and in order, and no byte more."""
    callback = VerboseLoggingCallback("ultra", log_file=str(full_disk / "log.jsonl"), console="off")
    trainer = make_trainer(callbacks=[callback])
    trainer.train()
    callback.close()

    assert undisturbed == losses(trainer)
    *lines, rest = (full_disk / "log.jsonl").read_bytes().split(b"\n")
    assert b"" == rest
    assert list(range(1, len(lines) + 1)) == [json.loads(line)["seq"] for line in lines]
    assert len(lines) > 10


def test_unwritable_path_is_told_once_with_its_reason(
    make_trainer: MakeTrainer, tmp_path: Path, caplog: pytest.LogCaptureFixture, undisturbed: list[float]
) -> None:
    """A log path that has become a folder costs the log, not the training: one warning names path and reason."""
    taken = tmp_path / "log.jsonl"
    callback = VerboseLoggingCallback("high", log_file=str(taken), standard_log_file=None, console="off")
    taken.mkdir()
    logging.getLogger("verbose_logging").propagate = True
    with caplog.at_level(logging.WARNING, "verbose_logging"):
        trainer = make_trainer(callbacks=[callback])
        trainer.train()
        callback.close()

    warnings = [record.getMessage() for record in caplog.records if str(taken) in record.getMessage()]
    assert undisturbed == losses(trainer)
    assert 1 == len(warnings)
    assert (tmp_path / "verbose_logging_errors.log").exists()


def test_every_probe_fails(make_trainer: MakeTrainer, tmp_path: Path, undisturbed: list[float]) -> None:
    """Probes that raise cost their readings, nothing else."""
    probes = [StubProbe([OSError("gone")], name=name) for name in ("cpu", "memory", "nvidia")]
    callback = VerboseLoggingCallback("high", log_file=str(tmp_path / "log.jsonl"), console="off", probes=probes)
    trainer = make_trainer(callbacks=[callback])
    trainer.train()
    callback.close()

    assert undisturbed == losses(trainer)
    assert "resource_usage" not in (tmp_path / "log.jsonl").read_text(encoding="utf-8")


class LogsAnything(TrainerCallback):
    """Makes the Trainer log values of every kind after the second step."""

    def __init__(self) -> None:
        self.trainer: Trainer | None = None

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Logs."""
        if state.global_step == 2 and self.trainer is not None:
            self.trainer.log(
                {
                    "numpy": np.float32(0.5),
                    "tensor": torch.tensor(2.0),
                    "huge": 10**30,
                    "text": "x",
                    "nan": float("nan"),
                }
            )


def test_values_of_every_kind_are_logged(make_trainer: MakeTrainer, tmp_path: Path) -> None:
    """Numpy scalars and tensors become numbers; what is no number is left out; nothing is raised."""
    anything = LogsAnything()
    callback = VerboseLoggingCallback("high", log_file=str(tmp_path / "log.jsonl"), console="off")
    trainer = make_trainer(callbacks=[callback, anything], max_steps=3)
    anything.trainer = trainer
    trainer.train()
    callback.close()

    log = (tmp_path / "log.jsonl").read_text(encoding="utf-8")
    assert '"numpy":0.5' in log
    assert '"tensor":2.0' in log
    assert '"text":"x"' not in log
    assert '"metrics.nan":"NaN"' in log


class Stream(IterableDataset[dict[str, torch.Tensor]]):
    """Rows without a length."""

    def __iter__(self) -> Iterator[dict[str, torch.Tensor]]:
        """Yields twelve rows."""
        for number in range(12):
            row = torch.full((8,), number)
            yield {"input_ids": row, "labels": row}


def test_a_stream_without_length(train: Training) -> None:
    """Streaming with max_steps knows its steps and not its epochs; every pass over the data is an epoch."""
    _, lines = train("high", train_dataset=Stream(), max_steps=5, per_device_train_batch_size=4)
    start = next(line for line in lines if line["type"] == "training_start")

    assert 5 == start["total_steps"]
    assert "total_epochs" not in start
    assert 5 == sum(line["type"] == "training_step_complete" for line in lines)


def test_epochs_instead_of_steps(train: Training) -> None:
    """With `max_steps=-1` the number of steps follows from the epochs: 64 rows in batches of 4, twice."""
    _, lines = train("high", max_steps=-1, num_train_epochs=2)
    start = next(line for line in lines if line["type"] == "training_start")
    epochs = [line for line in lines if line["type"] == "epoch_complete"]

    assert (32, 2, 16) == (start["total_steps"], start["total_epochs"], start["steps_per_epoch"])
    assert [(1, 16), (2, 16)] == [(epoch["epoch"], epoch["steps"]) for epoch in epochs]


def test_two_trainings_are_two_runs(make_trainer: MakeTrainer, tmp_path: Path) -> None:
    """One callback serves two `train()` calls; each has its own run id, its own numbering and its own end."""
    callback = VerboseLoggingCallback("low", log_file=str(tmp_path / "log.jsonl"), console="off")
    trainer = make_trainer(callbacks=[callback], max_steps=2)
    trainer.train()
    trainer.train()
    callback.close()

    lines = (tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()
    ends = [line for line in lines if '"type":"training_complete"' in line]
    runs = {line.split('"run_id":"')[1][:12] for line in lines}
    assert 2 == len(ends)
    assert 2 == len(runs)


def test_an_evaluation_after_training_belongs_to_the_run(make_trainer: MakeTrainer, tmp_path: Path) -> None:
    """What is evaluated after `train()` is still in the log, under the same run."""
    callback = VerboseLoggingCallback("low", log_file=str(tmp_path / "log.jsonl"), console="off")
    trainer = make_trainer(callbacks=[callback], max_steps=2)
    trainer.train()
    trainer.evaluate()
    callback.close()

    lines = (tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()
    assert '"type":"evaluation_complete"' in lines[-1]
    assert 1 == len({line.split('"run_id":"')[1][:12] for line in lines})


def test_the_seeds_methods_work_before_training(tmp_path: Path) -> None:
    """System, resources and model can be asked for, and an entry written, without a Trainer."""
    callback = VerboseLoggingCallback("high", log_file=str(tmp_path / "log.jsonl"), console="off")
    model = torch.nn.Linear(3, 2)
    callback._write_log({"type": "note", "message": "before", "level": "INFO", "api_key": "sk-123"})  # noqa: SLF001
    callback.close()

    assert {"platform", "cpu", "memory"} <= callback._get_comprehensive_system_info().keys()  # noqa: SLF001
    assert {"cpu", "memory", "process"} <= callback._get_current_resource_usage().keys()  # noqa: SLF001
    assert 8 == callback._get_model_info(model)["total_parameters"]  # noqa: SLF001
    assert "sk-123" not in (tmp_path / "log.jsonl").read_text(encoding="utf-8")
    assert '"type":"note"' in (tmp_path / "log.jsonl").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"verbosity_level": "hihg"}, "did you mean 'high'"),
        ({"log_fiel": "x"}, "did you mean 'log_file'"),
        ({"progress_percent": -1}, "progress_percent"),
        ({"console": "loud"}, "console"),
        ({"sinks": [object()]}, "sinks"),
    ],
)
def test_wrong_options_are_refused_before_training(options: dict[str, Any], told: str) -> None:
    """A wrong option or level is a ValueError that names it and the nearest valid one."""
    with pytest.raises(SettingsError, match=told):
        VerboseLoggingCallback(**options)


def test_disabled_by_the_environment(
    make_trainer: MakeTrainer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With VERBOSE_LOGGING_DISABLED=1 no file of ours appears."""
    monkeypatch.setenv("VERBOSE_LOGGING_DISABLED", "1")
    make_trainer(callbacks=[VerboseLoggingCallback(log_file=str(tmp_path / "log.jsonl"))], max_steps=2).train()

    assert [] == list(tmp_path.glob("*log*"))
