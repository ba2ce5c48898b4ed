"""A training that resumes goes on with the run that its log knows."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from transformers import Trainer

from tests.logs import read_lines
from verbose_logging import load_run
from verbose_logging.reading.validate import validate_log

pytestmark = pytest.mark.trainer

Training = Callable[..., tuple[Trainer, list[dict[str, Any]]]]


def starts(lines: list[dict[str, Any]]) -> list[tuple[Any, Any]]:
    """Returns the session and the step of every start."""
    return [(line.get("session"), line.get("resumed_from_step")) for line in lines if line["type"] == "training_start"]


def test_a_resumed_training_goes_on_under_its_own_name(train: Training, tmp_path: Path) -> None:
    """Two resumes from one checkpoint: one run, numbered on without a gap, its sessions counted."""
    arguments = {"max_steps": 6, "save_strategy": "steps", "save_steps": 4}
    trainer, _ = train(**arguments)
    checkpoint = f"{trainer.args.output_dir}/checkpoint-4"
    train(resume=checkpoint, **arguments)
    _, lines = train(resume=checkpoint, **arguments)
    report = validate_log(tmp_path / "verbose_training_logs.jsonl")

    assert [(None, None), (2, 4), (3, 4)] == starts(lines)
    assert list(range(1, len(lines) + 1)) == [line["seq"] for line in lines]
    assert (True, 1, []) == (report.is_valid, len(report.run_ids), report.gaps)


def test_a_checkpoint_that_the_log_does_not_know_begins_a_run(train: Training, tmp_path: Path) -> None:
    """With the log gone, the resumed training is a run of its own that says where it came from, and no session."""
    arguments = {"max_steps": 6, "save_strategy": "steps", "save_steps": 4}
    trainer, before = train(**arguments)
    log = tmp_path / "verbose_training_logs.jsonl"
    log.rename(tmp_path / "elsewhere.jsonl")
    _, lines = train(resume=f"{trainer.args.output_dir}/checkpoint-4", **arguments)

    assert [(None, 4)] == starts(read_lines(log))
    assert before[0]["run_id"] != lines[-1]["run_id"]


def test_a_resumed_training_reads_as_one_run(train: Training, tmp_path: Path) -> None:
    """The log and the run file both have every step once, and the file lists its sessions."""
    arguments = {"max_steps": 6, "save_strategy": "steps", "save_steps": 4}
    trainer, _ = train(**arguments)
    train(resume=f"{trainer.args.output_dir}/checkpoint-4", **arguments)
    (path,) = Path(trainer.args.output_dir).glob("run_*.json")

    for run in (load_run(tmp_path / "verbose_training_logs.jsonl"), load_run(path)):
        assert [1, 2, 3, 4, 5, 6] == run.steps["step"]
    sessions = json.loads(path.read_text(encoding="utf-8"))["metadata"]["sessions"]
    assert [(0, "complete"), (4, "complete")] == [(found["first_step"], found["outcome"]) for found in sessions]
