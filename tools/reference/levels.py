"""Which entries each level writes, from the table of levels."""

from __future__ import annotations

from collections.abc import Callable

from tools.reference.markdown import table
from verbose_logging.entries import ENTRY_TYPES
from verbose_logging.levels import LEVELS, Level


def levels() -> str:
    """Returns the table of levels: a row per entry type, then a row per other difference."""
    table_of_types = [
        (f"`{kind}`", *(_yes(kind in level.entry_types) for level in LEVELS.values())) for kind in ENTRY_TYPES
    ]
    return table(("", *LEVELS), [*table_of_types, *_other_differences()])


def _other_differences() -> list[tuple[str, ...]]:
    cells: dict[str, Callable[[Level], str]] = {
        "`resource_usage` in a step": lambda level: _every(level.resource_usage_every),
        "`phases` in a step": lambda level: _yes(level.phases),
        "`trends` in a step": lambda level: _yes(level.trends),
        "each core's load, temperatures": lambda level: _yes(level.dear_readings),
        "a progress report": lambda level: f"each {level.progress_percent:g} %",
        "the console": lambda level: ", ".join(level.console_forms),
        "a reading of the machine": lambda level: f"each {level.sample_interval_seconds:g} s",
    }
    return [(what, *map(cell, LEVELS.values())) for what, cell in cells.items()]


def _yes(included: bool) -> str:
    return "yes" if included else ""


def _every(steps: int | None) -> str:
    if steps is None:
        return ""
    return "every step" if steps == 1 else f"every {steps} steps"
