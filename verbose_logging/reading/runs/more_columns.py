"""Columns of a log that are read when they are asked for: one pass over the file, one value a line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from verbose_logging.reading.fields import text_at, value_at
from verbose_logging.reading.files.blocks import line_blocks
from verbose_logging.reading.files.lines import UNREADABLE, BrokenLineError, line_of, parse_object

_GROUPS = ("timing", "metrics", "progress")
_NO_COLUMNS = frozenset({"type", "resource_usage", "trends", "nonfinite", *_GROUPS})

Place = tuple[str, ...]
_decode_top = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def flat_places(entry: Mapping[str, Any]) -> dict[str, Place]:
    """Returns the flat name of every value of a step's entry, with the keys that lead to it.

    Example:
        >>> flat_places({"type": "t", "step": 1, "timing": {"phases": {"other_seconds": 0.5}}, "metrics": {"step": 2}})
        {'phases.other_seconds': ('timing', 'phases', 'other_seconds'), 'step': ('step',)}
    """
    within = {".".join(place[1:]): place for group in _GROUPS for place in _places(entry.get(group), (group,))}
    return within | {key: (key,) for key in entry if key not in _NO_COLUMNS}


def _places(value: Any, place: Place) -> Iterator[Place]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _places(item, (*place, str(key)))
    elif len(place) > 1:
        yield place


class FileColumns:
    """Reads a column of the steps of a log.

    Args:
        path: The log.
        places: The keys that lead to each column's value.
    """

    def __init__(self, path: Path, places: Mapping[str, Place]) -> None:
        self._path = path
        self._places = places

    @property
    def names(self) -> Sequence[str]:
        """The columns that there are."""
        return list(self._places)

    def read(self, name: str, lines: Sequence[int]) -> list[Any]:
        """Returns the column's value on each of the lines, `None` where it is absent.

        Args:
            name: One of `names`.
            lines: Numbers of lines, going up.
        """
        place = self._places[name]
        return [_value(content, place) for content in self._contents(lines)]

    def _contents(self, lines: Sequence[int]) -> Iterator[bytes]:
        done = 0
        for block in line_blocks(self._path):
            end = block.first + len(block.lines)
            while done < len(lines) and lines[done] < end:
                yield block.lines[lines[done] - block.first]
                done += 1
            if done == len(lines):
                return


def _value(content: bytes, place: Place) -> Any:
    """Returns what stands on a line at a place; a number that is not finite as what the line says of it."""
    try:
        top: Mapping[str, Any] = _decode_top(content)
        part = msgspec.json.decode(top[place[0]]) if place[0] in top else None
        value = value_at(part, *place[1:]) if len(place) > 1 else part
        if value is not None or "nonfinite" not in top:
            return value
        marks = msgspec.json.decode(top["nonfinite"])
    except UNREADABLE:
        value, marks = _value_on_odd_line(content, place)
    mark = text_at(marks, ".".join(place)) if value is None and isinstance(marks, dict) else None
    return value if mark is None else float(mark)


def _value_on_odd_line(content: bytes, place: Place) -> tuple[Any, Any]:
    try:
        entry = parse_object(line_of(0, content))
    except BrokenLineError:
        return None, None
    return value_at(entry, *place), entry.get("nonfinite")
