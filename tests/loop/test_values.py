"""What a plain loop may pass: anything, from any library and on any device."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import torch

from tests.loop.plain_loops import MakeLogger, entries
from verbose_logging.reading.validate import validate_log


def test_nothing_a_loop_passes_raises(make_logger: MakeLogger, tmp_path: Path) -> None:
    """Nonsense costs its own value; the loop goes on and the log stays valid."""
    with make_logger() as logger:
        logger.log_step(1, loss="high", learning_rate=object(), note="text", fine=1.0)
        logger.log_step("two", loss=1.0)
        logger.log_step(3, loss=float("nan"))
        logger.log_evaluation(3, val_loss=None)
        logger.log_checkpoint(3, object())

    steps = entries(tmp_path, "training_step_complete")
    assert 1.0 == steps[0]["metrics"]["fine"]
    assert {"metrics.loss": "NaN"} == steps[-1]["nonfinite"]
    assert [] == validate_log(tmp_path / "log.jsonl").findings


def test_a_loss_is_kept_without_its_graph(make_logger: MakeLogger, tmp_path: Path) -> None:
    """A tensor is copied where it is: what the loop does to it later changes nothing, and its graph can go."""
    weight = torch.ones(1, requires_grad=True)
    running = (2 * weight).sum()
    with make_logger() as logger:
        logger.log_step(1, loss=running)
        with torch.no_grad():
            running.zero_()

    (step,) = entries(tmp_path, "training_step_complete")
    assert 2.0 == step["metrics"]["loss"]


def test_a_loop_needs_no_torch(tmp_path: Path) -> None:
    """Whatever computes the loss, the recorder loads no training library."""
    code = (
        "import sys\nfrom verbose_logging import TrainingLogger\n"
        "with TrainingLogger(console='off') as logger: logger.log_step(1, loss=1.0)\n"
        "print({'torch', 'transformers'} & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)

    assert "set()" == run.stdout.strip()


class DeviceScalar:
    """A number on a device: a copy of it may be read on the recorder's thread only."""

    def __init__(self, value: float, readers: list[str]) -> None:
        """Takes the number, and where to note which thread reads it."""
        self._value = value
        self._readers = readers

    def detach(self) -> DeviceScalar:
        """Returns itself."""
        return self

    def clone(self) -> DeviceScalar:
        """Returns a copy on the device."""
        return DeviceScalar(self._value, self._readers)

    def numel(self) -> int:
        """Returns 1."""
        return 1

    def item(self) -> float:
        """Waits for the device."""
        self._readers.append(threading.current_thread().name)
        return self._value

    def __float__(self) -> float:
        return self.item()


def test_the_loop_never_waits_for_its_device(make_logger: MakeLogger, tmp_path: Path) -> None:
    """Whatever is given on a device is read by the recorder's thread, never by the loop's."""
    readers: list[str] = []
    scalar = DeviceScalar(2.0, readers)
    with make_logger() as logger:
        logger.log_step(1, loss=scalar, learning_rate=scalar, grad_norm=scalar, tokens=scalar, reward=scalar)
        logger.log_evaluation(1, val_loss=scalar)
        logger.log_checkpoint(1, tmp_path, val_loss=scalar)

    assert {"verbose-logging-pipeline"} == set(readers)
    (step,) = entries(tmp_path, "training_step_complete")
    assert {"loss": 2.0, "learning_rate": 2.0, "grad_norm": 2.0, "reward": 2.0}.items() <= step["metrics"].items()
