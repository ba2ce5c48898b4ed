"""Values out of an entry that anyone may have written: of the expected type, or absent."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from verbose_logging.plain import nonfinite_name

LARGEST_COUNT = 2**63 - 1


def value_at(entry: Any, *keys: str) -> Any:
    """Returns what stands at the nested keys, `None` where the way there ends early.

    Example:
        >>> value_at({"metrics": {"loss": 2.5}}, "metrics", "loss")
        2.5
    """
    value: Any = entry
    for key in keys:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def number_at(entry: Mapping[str, Any], *keys: str) -> float | None:
    """Returns the finite number at the nested keys.

    Example:
        >>> number_at({"loss": 2}, "loss"), number_at({"loss": "2"}, "loss"), number_at({"loss": float("nan")}, "loss")
        (2, None, None)
    """
    value = value_at(entry, *keys)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number and abs(value) <= sys.float_info.max else None


def count_at(entry: Mapping[str, Any], *keys: str) -> int | None:
    """Returns the whole number at the nested keys, if it is one that counts something: 0 or more, and of 64 bits."""
    value = value_at(entry, *keys)
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST_COUNT
    return value if is_count else None


def text_at(entry: Mapping[str, Any], *keys: str) -> str | None:
    """Returns the text at the nested keys."""
    value = value_at(entry, *keys)
    return value if isinstance(value, str) else None


def group_at(entry: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    """Returns the group at the nested keys, an empty one where there is none."""
    value = value_at(entry, *keys)
    return value if isinstance(value, dict) else {}


def numbers_in(group: Mapping[str, Any]) -> dict[str, float]:
    """Returns the finite numbers of a group."""
    found = {key: number_at(group, key) for key in group}
    return {key: number for key, number in found.items() if number is not None}


def known(**values: Any) -> dict[str, Any]:
    """Returns the values that are known.

    Example:
        >>> known(step=3, path=None)
        {'step': 3}
    """
    return {name: value for name, value in values.items() if value is not None}


def moment_of(entry: Mapping[str, Any]) -> datetime | None:
    """Returns when the entry was written; a time without UTC offset is taken as local."""
    text = text_at(entry, "timestamp")
    try:
        return datetime.fromisoformat(text).astimezone() if text else None
    except (ValueError, OverflowError, OSError):
        return None


def nonfinite_at(entry: Mapping[str, Any], *keys: str) -> str | None:
    """Returns which number that is not finite stands at the nested keys, as an entry's `nonfinite` names it.

    Example:
        >>> nonfinite_at({"loss": float("-inf")}, "loss"), nonfinite_at({"loss": 2.0}, "loss")
        ('-Infinity', None)
    """
    value = value_at(entry, *keys)
    return nonfinite_name(value) if isinstance(value, float) and not math.isfinite(value) else None
