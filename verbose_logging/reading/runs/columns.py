"""A column of numbers, eight bytes each, that knows an absent one from one that is not a number."""

from __future__ import annotations

import struct
import sys
from array import array
from typing import Any, Literal

# The lowest number of each kind stands for an absent one: a mask beside the numbers would cost more than it tells.
_ABSENT: dict[str, float] = {"d": -sys.float_info.max, "q": -(2**63)}


class Column:
    """Numbers in a row; `None` for an absent one.

    Args:
        kind: "d" for floats, "q" for whole numbers.

    Example:
        >>> column = Column()
        >>> column.extend([1.5, None])
        >>> column.to_list()
        [1.5, None]
    """

    def __init__(self, kind: Literal["d", "q"] = "d") -> None:
        self._values: array[Any] = array(kind)
        self._absent = _ABSENT[kind]
        self._present = 0

    def __len__(self) -> int:
        return len(self._values)

    def extend(self, values: list[Any]) -> None:
        """Adds numbers, at least one, and `None` for those that are absent."""
        if values[0] is None and values.count(None) == len(values):
            self._values.extend(array(self._values.typecode, [self._absent]) * len(values))
            return
        form = f"{len(values)}{self._values.typecode}"
        try:
            packed = struct.pack(form, *values)  # three times as fast as fromlist
            self._present += len(values)
        except struct.error:  # some are absent
            packed = struct.pack(form, *[self._absent if value is None else value for value in values])
            self._present += len(values) - values.count(None)
        self._values.frombytes(packed)

    def put_nonfinite(self, place: int, mark: str) -> None:
        """Replaces an absent value by the one that an entry's `nonfinite` names."""
        self._present += self._values[place] == self._absent
        self._values[place] = float(mark)

    def cut(self, size: int) -> None:
        """Keeps the first values only."""
        del self._values[size:]
        self._present = len(self._values) - self._values.count(self._absent)

    def to_list(self) -> list[Any]:
        """Returns the values."""
        if self._present == len(self._values):
            return self._values.tolist()
        return [None if value == self._absent else value for value in self._values]

    @property
    def is_empty(self) -> bool:
        """Whether no value is present."""
        return self._present == 0
