"""The user's own view of the model, in real trainings."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from verbose_logging import TrainingLogger
from verbose_logging.entries import decode_entry

pytestmark = pytest.mark.trainer
Training = Callable[..., tuple[Any, list[dict[str, Any]]]]


def reports_of(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Returns the progress reports of a log."""
    return [line for line in lines if line["type"] == "progress_report"]


def test_state_and_phase_stand_in_each_report(train: Training) -> None:
    """The function sees the Trainer's state of that very step and the live model; a scalar tensor is a number."""

    def model_state(state: Any, model: Any) -> dict[str, Any]:
        return {"step": state.global_step, "norm": model.lm_head.weight.detach().norm(), "mood": "calm"}

    options = {
        "model_state": model_state,
        "phases": [(0.0, "basic"), (0.6, "deep", "Patterns")],
        "progress_percent": 50,
    }
    _, lines = train("medium", options)
    half, end = reports_of(lines)

    assert (5, "calm") == (half["model_state"]["step"], half["model_state"]["mood"])
    assert isinstance(half["model_state"]["norm"], float)
    assert 10 == end["model_state"]["step"]
    assert {"name": "basic", "begins_at": 0.0} == half["phase"]
    assert {"name": "deep", "begins_at": 0.6, "description": "Patterns"} == end["phase"]
    assert {"batch_size": 4, "gradient_accumulation_steps": 1, "tokens_per_batch": 32} == end["batch"]
    assert end["model"]["active_parameters"] == end["model"]["total_parameters"]


def test_a_function_that_raises_costs_one_warning(train: Training, caplog: pytest.LogCaptureFixture) -> None:
    """Training goes on, reports go on, and the failure is told once."""

    def broken(_state: Any, _model: Any) -> dict[str, Any]:
        raise RuntimeError("no neurons")

    with caplog.at_level(logging.WARNING, logger="verbose_logging"):
        _, lines = train("medium", {"model_state": broken})

    assert 10 == len(reports_of(lines))
    assert all("model_state" not in report for report in reports_of(lines))
    assert 1 == sum("model_state" in message for message in caplog.messages)


def test_a_plain_loop_has_a_state_of_its_own(tmp_path: Path) -> None:
    """In a loop the function sees step, steps and epoch by the Trainer's names, and the model that was given."""
    model = torch.nn.Linear(2, 2)
    log = tmp_path / "log.jsonl"

    def model_state(state: Any, given: Any) -> dict[str, Any]:
        return {"step": state.global_step, "of": state.max_steps, "is_ours": given is model}

    with TrainingLogger(
        total_steps=4, model=model, log_file=log, output_dir=tmp_path, console="off", model_state=model_state,
        progress_percent=50,
    ) as logger:  # fmt: skip
        for step in range(4):
            logger.log_step(step, loss=1.0, tokens=64)
    entries = [decode_entry(line) for line in log.read_bytes().splitlines()]
    reports = [entry for entry in entries if type(entry).__name__ == "ProgressReport"]

    assert [2, 4] == [report.model_state["step"] for report in reports]
    assert {"step": 4, "of": 4, "is_ours": True} == reports[-1].model_state
    assert 64 == reports[-1].batch["tokens_per_batch"]
