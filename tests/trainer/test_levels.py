"""What a real Trainer run leaves in the log, level by level."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from verbose_logging.levels import LEVELS
from verbose_logging.reading.files.schema import log_schema

pytestmark = pytest.mark.trainer

Training = Callable[..., tuple[Any, list[dict[str, Any]]]]

WHEN_NEEDED = {
    "resource_warning",
    "performance_anomaly",
    "training_health",
    "entries_dropped",
    "heartbeat",
    "training_interrupted",
    "training_failed",
}
EVERYTHING = {
    "eval_strategy": "steps",
    "eval_steps": 5,
    "save_strategy": "steps",
    "save_steps": 5,
    "gradient_accumulation_steps": 2,
}


@pytest.mark.parametrize("level", sorted(LEVELS))
def test_level_writes_exactly_the_types_of_its_table(level: str, train: Training) -> None:
    """Every type of the level's table that a healthy run has an occasion for is there, and none besides."""
    _, lines = train(level, **EVERYTHING)

    assert LEVELS[level].entry_types - WHEN_NEEDED == {line["type"] for line in lines} - WHEN_NEEDED


@pytest.mark.parametrize("level", sorted(LEVELS))
def test_every_line_is_valid_by_the_schema(level: str, train: Training) -> None:
    """The JSON Schema that `verbose-logging schema` prints accepts each line."""
    validator = jsonschema.Draft202012Validator(log_schema())
    _, lines = train(level, **EVERYTHING)

    assert [] == [error.message for line in lines for error in validator.iter_errors(line)]


def test_a_keys_type_never_changes(train: Training) -> None:
    """A number that is a float in one line is a float in all of them."""
    _, lines = train("ultra", **EVERYTHING)
    kinds: dict[str, set[str]] = {}
    for line in lines:
        for group in ("timing", "metrics", "progress"):
            for key, value in line.get(group, {}).items():
                kinds.setdefault(f"{line['type']}.{group}.{key}", set()).add(type(value).__name__)

    assert {} == {key: found for key, found in kinds.items() if len(found) > 1}


def test_ultra_tells_every_micro_batch(train: Training) -> None:
    """With accumulation 2 each step has two micro-batches, the last one too."""
    _, lines = train("ultra", gradient_accumulation_steps=2, max_steps=3)
    micro_steps = [(line["step"], line["micro_step"]) for line in lines if line["type"] == "substep_complete"]

    assert [(1, 1), (1, 2), (2, 1), (2, 2), (3, 1), (3, 2)] == micro_steps


def test_the_learning_rate_is_the_one_that_the_step_used(train: Training) -> None:
    """A linear schedule from 1e-3 over five steps; after the step the optimizer already holds the next one."""
    _, lines = train("high", max_steps=5, learning_rate=1e-3, lr_scheduler_type="linear")
    steps = [line["metrics"] for line in lines if line["type"] == "training_step_complete"]

    assert pytest.approx([1e-3, 8e-4, 6e-4, 4e-4, 2e-4]) == [step["learning_rate"] for step in steps]


def test_the_files_are_private_and_stand_together(train: Training, tmp_path: Path) -> None:
    """The full log and the short one lie side by side, readable by their owner only; no error log without an error."""
    train("high", max_steps=2)
    names = {path.name for path in tmp_path.glob("*log*")}

    assert {"verbose_training_logs.jsonl", "training_logs.jsonl"} == names
    assert {0o600} == {(tmp_path / name).stat().st_mode & 0o777 for name in names}
