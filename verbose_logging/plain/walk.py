"""Any Python value as plain JSON values: bounded, never raising, without running a device or consuming an iterator.

Plain are `None`, bool, int of 64 bits, float, str, list, and dict with str keys. What is cut says what was cut; what
cannot be read stands as its type's name. Only exceptions that end a program (Ctrl-C, sys.exit) pass through.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from itertools import islice
from typing import Any

import msgspec

from verbose_logging.plain.simplify import simplify

_DECIMALS = 6
_SCALE = 10.0**_DECIMALS
_EXACT_BELOW = 1e9  # larger ones times the scale have no decimals left to round at
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


def split_nonfinite(tree: Any) -> tuple[Any, dict[str, str]]:
    """Returns the plain tree with `None` for each number that is not finite, and what stood where.

    A tree without such a number is returned itself, not copied.

    Example:
        >>> split_nonfinite({"metrics": {"loss": math.nan}, "rates": [1.0, -math.inf]})
        ({'metrics': {'loss': None}, 'rates': [1.0, None]}, {'metrics.loss': 'NaN', 'rates.1': '-Infinity'})
    """
    found: dict[str, str] = {}
    _find_nonfinite(tree, (), found)
    return (_without_nonfinite(tree) if found else tree), found


def rounded(tree: Any) -> Any:
    """Returns the plain tree with six decimals in each float: a microsecond, a byte of a megabyte.

    No clock and no counter that we read knows more, and every further digit of every number is paid for at every step.

    Example:
        >>> rounded({"step_time_seconds": 0.1115753199997016, "load_average": [4.79052734375], "step": 3})
        {'step_time_seconds': 0.111575, 'load_average': [4.790527], 'step': 3}
    """
    if isinstance(tree, float):  # arithmetic takes a fifth of the time of `round`, which goes by way of decimal text
        return (tree * _SCALE + 0.5) // 1 / _SCALE if -_EXACT_BELOW < tree < _EXACT_BELOW else round(tree, _DECIMALS)
    if isinstance(tree, dict):
        return {key: rounded(item) for key, item in tree.items()}
    return [rounded(item) for item in tree] if isinstance(tree, list) else tree


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


def _find_nonfinite(node: Any, path: tuple[str, ...], found: dict[str, str]) -> None:
    if isinstance(node, float):
        if not math.isfinite(node):
            found[".".join(path)] = _nonfinite_name(node)
    elif isinstance(node, dict):
        for key, item in node.items():
            if isinstance(item, (float, dict, list)):
                _find_nonfinite(item, (*path, key), found)
    elif isinstance(node, list):
        for index, item in enumerate(node):
            if isinstance(item, (float, dict, list)):
                _find_nonfinite(item, (*path, str(index)), found)


def _nonfinite_name(number: float) -> str:
    if math.isnan(number):
        return "NaN"
    return "Infinity" if number > 0 else "-Infinity"


def _without_nonfinite(node: Any) -> Any:
    if isinstance(node, float):
        return node if math.isfinite(node) else None
    if isinstance(node, dict):
        return {key: _without_nonfinite(item) for key, item in node.items()}
    if isinstance(node, list):
        return [_without_nonfinite(item) for item in node]
    return node
