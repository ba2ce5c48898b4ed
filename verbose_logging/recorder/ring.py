"""The last steps of a run at full detail, whatever its level writes: what one wants to see when it goes wrong."""

from __future__ import annotations

from collections import deque
from typing import Any

import msgspec

from verbose_logging.entries import TrainingStepComplete

_OF_THE_LINE = frozenset({"type", "level", "message", "run_id", "seq", "rank"})


class StepRing:
    """Keeps the newest entries of steps.

    Args:
        size: How many are kept.

    Example:
        >>> ring = StepRing(2)
        >>> for step in (1, 2, 3):
        ...     ring.add(TrainingStepComplete(timestamp="", level="INFO", message="", run_id="r", seq=step, rank=0,
        ...                                   step=step, epoch=1, timing={}, metrics={"loss": 1.0 / step}, progress={}))
        >>> [entry.step for entry in ring.last(10)]
        [2, 3]
    """

    def __init__(self, size: int) -> None:
        self._entries: deque[TrainingStepComplete] = deque(maxlen=size)

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, entry: TrainingStepComplete) -> None:
        """Keeps a step's entry; the oldest one goes where there are too many."""
        self._entries.append(entry)

    def last(self, count: int) -> list[TrainingStepComplete]:
        """Returns the newest entries, at most so many, the oldest of them first."""
        return list(self._entries)[-count:] if count else []


def as_trees(entries: list[TrainingStepComplete]) -> list[dict[str, Any]]:
    """Returns the entries as they stand within another one: without the keys that the outer line has already."""
    trees = (msgspec.to_builtins(entry) for entry in entries)
    return [{key: value for key, value in tree.items() if key not in _OF_THE_LINE} for tree in trees]
