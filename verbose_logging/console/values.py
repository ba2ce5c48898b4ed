"""Named values of any kind as text: what users and rules say in their own words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from verbose_logging.formatting import UNKNOWN, percent, short_duration

_MOST_ITEMS = 10
_LARGEST_WHOLE = 1e15  # beyond it a float no longer knows its last digits
_SHARES = ("ratio", "fraction", "share")
_UNITS: dict[str, Callable[[float], str]] = {
    "percent": percent,
    "seconds": short_duration,
    "gb": lambda value: f"{value:.4g} GB",
    "mb": lambda value: f"{value:.4g} MB",
}


def label(name: str) -> str:
    """Returns a key as a heading, without the unit that its value will show.

    Example:
        >>> label("connection_ratio"), label("usage_percent"), label("KL")
        ('Connection Ratio', 'Usage', 'KL')
    """
    words = name.replace("_", " ").split()
    if len(words) > 1 and words[-1].lower() in _UNITS:
        words.pop()
    return " ".join(word if word.isupper() else word.capitalize() for word in words)


def text_of(name: str, value: Any) -> str:
    """Returns a value as its name asks for it: shares in percent, units spelled, whole numbers with separators.

    Example:
        >>> text_of("connection_ratio", 0.55), text_of("wait_seconds", 75), text_of("temperature", 0.7213456)
        ('55.0%', '1 min 15 s', '0.721346')
        >>> text_of("gain", -0.0)
        '0'
        >>> text_of("persona", {"warmth": 0.5, "is_awake": True}), text_of("neurons", 42350000.0)
        ('Warmth 0.5, Is Awake yes', '42,350,000')
    """
    if value is None:
        return UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return _number(name, value)
    if isinstance(value, Mapping):
        return _joined([f"{label(str(key))} {text_of(str(key), item)}" for key, item in value.items()])
    if isinstance(value, list | tuple):
        return _joined([text_of(name, item) for item in value])
    return str(value)


def _number(name: str, value: float) -> str:
    unit = name.rpartition("_")[2].lower()
    if unit in _SHARES:
        return percent(100 * value)
    if unit in _UNITS:
        return _UNITS[unit](value)
    is_whole = isinstance(value, int) or (value.is_integer() and abs(value) < _LARGEST_WHOLE)
    return f"{int(value):,}" if is_whole else f"{value:.6g}"


def _joined(items: list[str]) -> str:
    more = len(items) - _MOST_ITEMS
    return ", ".join(items[:_MOST_ITEMS]) + (f", {more} more" if more > 0 else "")
