"""A run JSON is read as a log is: ours, nanoGPT's, and what only looks like one."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from verbose_logging import load_run
from verbose_logging.reading.runs.run import Run
from verbose_logging.sinks.fallback import Fallback
from verbose_logging.sinks.run_file import RunFileSink
from verbose_logging.testing import FactScript, ManualClock, record

NANO: dict[str, Any] = {
    "run_name": "run_20231031_162345",
    "start_time": "2023-10-31T16:23:45.123456",
    "end_time": "2023-10-31T16:45:12.789012",
    "config": {"learning_rate": 0.0006, "batch_size": 12},
    "training_iterations": [
        {"iter": 0, "loss": 11.0049, "time_ms": 19130.8, "mfu": -100.0},
        {"iter": 1, "loss": 10.9733, "time_ms": 3978.64, "mfu": 32.5},
    ],
    "eval_steps": [{"iter": 0, "train_loss": 11.004, "val_loss": 10.9977, "lr": 0.0006, "timestamp": "..."}],
    "checkpoints": [{"iter": 1, "val_loss": 8.2892, "path": "out/ckpt.pt", "timestamp": "..."}],
    "metadata": {"world_size": 1, "device": "cuda"},
    "summary": {"total_iterations": 2, "final_iter": 1},
}


def written(folder: Path, **options: Any) -> Path:
    """Returns the path of what nanoGPT's logger would have left."""
    path = folder / "run_20231031_162345.json"
    path.write_text(json.dumps(NANO, **options), encoding="utf-8")
    return path


@pytest.mark.parametrize("options", [{}, {"indent": 2}])
def test_a_document_of_nanogpt_is_a_run(tmp_path: Path, options: dict[str, Any]) -> None:
    """Steps begin at 0, an MFU of -100 is one that is not known."""
    run = load_run(written(tmp_path, **options))

    assert ([0, 1], [11.0049, 10.9733]) == (run.steps["step"], run.steps["loss"])
    assert ([None, 32.5], [19.1308, 3.97864]) == (run.steps["mfu_percent"], run.steps["step_time_seconds"])
    assert (10.9977, 11.004) == (run.evaluations[0]["eval_loss"], run.evaluations[0]["train_loss"])
    assert ("out/ckpt.pt", 8.2892) == (run.checkpoints[0]["path"], run.checkpoints[0]["eval_loss"])
    assert ("run_20231031_162345", "complete") == (run.name, run.summary["outcome"])
    assert [] == run.resources


def run_left_by(script: FactScript, folder: Path) -> Run:
    """Returns the run as it is read from the document that a recording leaves."""
    sink = RunFileSink(
        folder,
        run_name=None,
        every_steps=100,
        clock=ManualClock(),
        fallback=Fallback(folder, clock=ManualClock()),
    )
    sink.write(record(script.facts).entries)
    sink.close()
    return load_run(folder)


def test_a_document_says_nothing_of_health(tmp_path: Path) -> None:
    """Findings stand in the log alone, so a document must not call its run healthy."""
    script = FactScript(total_steps=30, steps_per_epoch=30).open().begin().epoch_begin()
    for _ in range(30):
        script.step(loss=2.0)
    summary = run_left_by(script.end(), tmp_path).summary

    assert 30 == summary["steps_done"]
    assert not {"health", "alerts"} & summary.keys()


def test_our_own_document_says_what_the_log_says(tmp_path: Path) -> None:
    """The steps, evaluations and the end are the same from either file."""
    script = FactScript(total_steps=2, steps_per_epoch=2).open().begin().epoch_begin()
    script.step(loss=2.0, gradient_norm=1.5).step(loss=float("nan")).evaluate(eval_loss=1.5).save().end()
    run = run_left_by(script, tmp_path)

    assert ([1, 2], [1.5, None], 2.0) == (run.steps["step"], run.steps["grad_norm"], run.steps["loss"][0])
    assert math.isnan(run.steps["loss"][1])
    assert (1.5, "out/checkpoint") == (run.evaluations[0]["eval_loss"], run.checkpoints[0]["path"])
    assert ("complete", 1) == (run.summary["outcome"], run.summary["nonfinite_loss_steps"])


def test_a_folder_without_a_log_gives_its_newest_document(tmp_path: Path) -> None:
    """Where only documents lie, the newest is meant."""
    written(tmp_path)

    assert "run_20231031_162345" == load_run(tmp_path).name
