"""Any Python value as plain JSON values: bounded, never raising, without running a device or consuming an iterator.

Plain are `None`, bool, int of 64 bits, float, str, list, and dict with str keys. What is cut says what was cut; what
cannot be read stands as its type's name. Only exceptions that end a program (Ctrl-C, sys.exit) pass through.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import islice
from typing import Any

import msgspec

from verbose_logging.plain.simplify import simplify

_NOTE_CHARACTERS = 40  # room that "... 9,936 more characters" takes within a limit


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a value is kept.

    Args:
        string_characters: Longest string.
        items: Most items of one container.
        depth: Deepest nesting of containers.
        json_bytes: About how long the whole is as JSON.
    """

    string_characters: int = 65_536
    items: int = 5_000
    depth: int = 20
    json_bytes: int = 1_048_576


_DEFAULT_LIMITS = Limits()


def plain(value: Any, *, limits: Limits = _DEFAULT_LIMITS) -> Any:
    """Returns the value as plain values; non-finite floats stay.

    Example:
        >>> plain({1: (True, 2.5), "set": {"b", "a"}, "when": None})
        {'1': [True, 2.5], 'set': ['a', 'b'], 'when': None}
        >>> plain(list(range(9)), limits=Limits(items=4))
        [0, 1, 2, '... 6 more items']
    """
    return _Walk(limits).visit(value, depth=0)


class _Walk:
    """One value on its way to plain values; knows which containers are open and how much may still be written."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._bytes_left = limits.json_bytes
        self._open: set[int] = set()

    def visit(self, value: Any, *, depth: int) -> Any:
        try:
            simple = simplify(value)
            if isinstance(simple, str):
                return self._text(simple)
            if simple is None or isinstance(simple, (bool, int, float)):
                return self._charged(simple)
            return self._container(value, simple, depth)
        except Exception:  # noqa: BLE001 - a value's own methods may raise anything
            return self._text(f"<{_type_name(value)}>")

    def _container(self, value: Any, simple: Any, depth: int) -> Any:
        if id(value) in self._open:
            return self._text(f"<cycle: {_type_name(value)}>")
        if depth >= self._limits.depth:
            return self._text(f"... deeper than {self._limits.depth} levels")
        self._open.add(id(value))
        try:
            return self._object(simple, depth) if isinstance(simple, Mapping) else self._array(simple, depth)
        finally:
            self._open.discard(id(value))

    def _object(self, mapping: Mapping[Any, Any], depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        repeats: dict[str, int] = {}
        for key, item in self._kept(mapping.items()):
            if self._bytes_left <= 0:
                break
            name = self._key(key, depth)
            result[_unused(name, result, repeats)] = self.visit(item, depth=depth + 1)
        if missing := max(0, len(mapping) - len(result)):
            result[_unused("...", result, repeats)] = self._text(f"{missing:,} more items")
        return result

    def _array(self, items: Collection[Any], depth: int) -> list[Any]:
        result: list[Any] = []
        for item in self._kept(items):
            if self._bytes_left <= 0:
                break
            result.append(self.visit(item, depth=depth + 1))
        if missing := max(0, len(items) - len(result)):
            result.append(self._text(f"... {missing:,} more items"))
        return result

    def _kept(self, items: Collection[Any]) -> list[Any]:
        """Returns the items to keep: a snapshot, since another thread may be changing the container."""
        self._bytes_left -= 2
        count = self._limits.items if len(items) <= self._limits.items else self._limits.items - 1
        return list(islice(items, count))

    def _key(self, key: Any, depth: int) -> str:
        name = self.visit(key, depth=depth + 1)
        return name if isinstance(name, str) else self._text(str(name))

    def _text(self, text: str) -> str:
        whole = text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()
        limit = min(self._limits.string_characters, max(self._bytes_left, 2 * _NOTE_CHARACTERS))
        if len(whole) > limit:
            kept = max(0, limit - _NOTE_CHARACTERS)
            whole = f"{whole[:kept]}... {len(whole) - kept:,} more characters"
        return str(self._charged(whole))

    def _charged(self, scalar: Any) -> Any:
        self._bytes_left -= len(msgspec.json.encode(scalar)) + 1
        return scalar


def _type_name(value: Any) -> str:
    try:
        return str.__str__(type(value).__name__)
    except Exception:  # noqa: BLE001 - a metaclass may answer anything
        return "object"


def _unused(name: str, taken: Mapping[str, Any], repeats: dict[str, int]) -> str:
    """Returns the name, numbered where it is taken; `repeats` keeps many equal names from costing a square."""
    unused = name
    while unused in taken:
        repeats[name] = repeats.get(name, 1) + 1
        unused = f"{name} ({repeats[name]})"
    return unused
