"""The steps of a run as a table: what is asked for most is at hand, the rest is read when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from verbose_logging.errors import did_you_mean
from verbose_logging.reading.runs.columns import Column


class MoreColumns(Protocol):
    """Reads columns that are not at hand."""

    @property
    def names(self) -> Sequence[str]:
        """Which there are."""

    def read(self, name: str, lines: Sequence[int]) -> list[Any]:
        """Returns the column's value on each of the lines, `None` where it is absent."""


class Steps:
    """Optimizer steps in columns, under the names that they have in an entry.

    `len(steps)` is the number of steps and `steps["loss"]` a list with a value for each of them: `None` where the log
    has none, `nan` where the value was not a number.

    Args:
        columns: The columns at hand, of one length.
        lines: The number of each step's line in its file.
        more: Reads further columns from the file, each when it is asked for.
    """

    def __init__(self, columns: Mapping[str, Column], lines: Sequence[int], more: MoreColumns | None = None) -> None:
        self._columns = columns
        self._lines = lines
        self._more = more

    def __len__(self) -> int:
        return len(self._lines)

    @property
    def columns(self) -> list[str]:
        """The names of the columns that have a value anywhere."""
        at_hand = [name for name, column in self._columns.items() if not column.is_empty]
        return [*at_hand, *(name for name in self._names_of_more() if name not in self._columns)]

    def __getitem__(self, name: str) -> list[Any]:
        if name in self._columns:
            return self._columns[name].to_list()
        if self._more is None or name not in self._more.names:
            raise KeyError(f"no column {name!r}; {did_you_mean(name, self.columns)}")
        return self._more.read(name, self._lines)

    def get(self, name: str) -> list[Any]:
        """Returns a column; one of `None` where the log has none of that name."""
        known = name in self._columns or name in self._names_of_more()
        return self[name] if known else [None] * len(self)

    def pairs(self, name: str) -> tuple[list[int], list[float]]:
        """Returns the steps that have a number in a column, and those numbers; what is no number is left out."""
        found = [(step, value) for step, value in zip(self["step"], self.get(name), strict=True) if _is_finite(value)]
        return [step for step, _ in found], [value for _, value in found]

    def _names_of_more(self) -> Sequence[str]:
        return self._more.names if self._more is not None else ()


def _is_finite(value: Any) -> bool:
    return isinstance(value, int | float) and value - value == 0
