"""The runs of one log, each checked for absurd numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from transformers import Trainer

from tests.logs import read_lines

MakeTrainer = Callable[..., Trainer]


def runs_of(path: Path) -> list[list[dict[str, Any]]]:
    """Returns the log's lines, run by run, after a check that no number of them is absurd."""
    lines = read_lines(path)
    for line in lines:
        assert_no_absurd_number(line.get("timing", {}) | line.get("progress", {}) | line.get("time_ledger", {}))
    names = list(dict.fromkeys(line["run_id"] for line in lines))
    return [[line for line in lines if line["run_id"] == name] for name in names]


def assert_no_absurd_number(numbers: dict[str, Any]) -> None:
    """No time, count or rate is below zero."""
    assert [] == [name for name, value in numbers.items() if isinstance(value, int | float) and value < 0]


def step_numbers_of(lines: list[dict[str, Any]]) -> list[int]:
    """Returns the steps of a run."""
    return [line["step"] for line in lines if line["type"] == "training_step_complete"]
