"""The steps that count for rates: recent ones, without the first two once there are enough."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Generic, TypeVar

Row = TypeVar("Row")

_WINDOW = 100
_ENOUGH = 5  # steps after which the first ones can be done without
_WARM_UP = 2  # compilation, allocator growth and cold caches sit in the first two


class Recent(Generic[Row]):
    """A row for each of the last hundred steps, of any kind.

    Attributes:
        rows: The rows that count, the oldest first.

    Example:
        >>> steps = Recent[int]()
        >>> for row in (90, 50, 10, 11):
        ...     _ = steps.add(row)
        >>> list(steps.rows)
        [90, 50, 10, 11]
        >>> steps.add(12)
        (90, 50)
        >>> list(steps.rows)
        [10, 11, 12]
    """

    def __init__(self) -> None:
        self.rows: deque[Row] = deque()
        self._seen = 0

    def add(self, row: Row) -> Sequence[Row]:
        """Appends the row of a step, and returns the rows that no longer count."""
        rows = self.rows
        leaving: tuple[Row, ...] = (rows.popleft(),) if len(rows) == _WINDOW else ()
        rows.append(row)
        self._seen += 1
        if self._seen == _ENOUGH:
            leaving = tuple(rows.popleft() for _ in range(_WARM_UP))
        return leaving
