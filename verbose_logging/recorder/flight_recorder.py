"""More detail when it matters: what a finding brings into the log from before it, and for a while after it.

At low and medium most of a step's numbers are not written. When a rule fires, those of the last steps go into its
entry, column by column, and the next steps are written at the highest level. Nothing is written twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from verbose_logging.entries import TrainingStepComplete
from verbose_logging.levels import LEVELS, Level
from verbose_logging.recorder.ring import StepRing

STEPS_AFTER = 20
_MOST_DETAIL = LEVELS["ultra"]
_GROUPS = ("metrics", "timing", "progress", "resource_usage")


class FlightRecorder:
    """Decides how much of each step is written.

    Args:
        level: What is written as a rule.
        ring: The last steps at full detail.
    """

    def __init__(self, level: Level, ring: StepRing) -> None:
        self._level = level
        self._ring = ring
        self._until = 0
        self._told_until = 0

    def level_at(self, step: int) -> Level:
        """Returns what is written of a step."""
        return _MOST_DETAIL if step <= self._until else self._level

    def open(self, step: int) -> dict[str, Any] | None:
        """Returns the steps up to this one that the log does not have in full, and raises the level for the next ones.

        Args:
            step: Where something was found.

        Returns:
            `steps`, their numbers; `columns`, a list per number by its dotted name, `None` where it is not known; and
            `nonfinite`, the steps at which a number was not finite. `None` where the log has it all.
        """
        told_until, self._told_until = self._told_until, step + STEPS_AFTER
        self._until = step + STEPS_AFTER
        if self._level.tells_all:
            return None
        return columnar([entry for entry in self._ring.last(len(self._ring)) if entry.step > told_until])


def columnar(entries: Sequence[TrainingStepComplete]) -> dict[str, Any] | None:
    """Returns steps column by column, `None` without a step."""
    rows = [(entry.step, _row(entry)) for entry in entries]
    if not rows:
        return None
    names = dict.fromkeys(name for _, row in rows for name in row)
    broken: dict[str, list[int]] = {}
    for entry in entries:
        for name in entry.nonfinite or {}:
            broken.setdefault(name, []).append(entry.step)
    columns = {name: [row.get(name) for _, row in rows] for name in names}
    return {"steps": [step for step, _ in rows], "columns": columns} | ({"nonfinite": broken} if broken else {})


def _row(entry: TrainingStepComplete) -> dict[str, float | int]:
    return {name: value for group in _GROUPS for name, value in _numbers(group, getattr(entry, group))}


def _numbers(name: str, value: Any) -> Iterator[tuple[str, float | int]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _numbers(f"{name}.{key}", item)
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _numbers(f"{name}.{place}", item)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield name, value
