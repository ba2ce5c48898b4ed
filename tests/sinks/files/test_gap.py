"""A gap in the log, in words."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from verbose_logging.entries import TrainingStepComplete
from verbose_logging.sinks.files.gap import Gap


@pytest.mark.parametrize(
    ("count", "message"),
    [
        (1, "⚠️ Dropped 1 line, which could not be written; 1 step missing"),
        (1200, "⚠️ Dropped 1,200 lines, which could not be written; 1,200 steps missing"),
    ],
)
def test_one_is_one_and_many_are_many(
    count: int, message: str, step_entry: Callable[[int], TrainingStepComplete]
) -> None:
    """The message counts as people do, and says how many steps are missing."""
    gap = Gap()
    for seq in range(count):
        gap.add(step_entry(seq))

    assert message == gap.report().message
