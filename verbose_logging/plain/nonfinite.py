"""Numbers that are not finite, which JSON has no word for: taken out of their places, and named."""

from __future__ import annotations

import math
from typing import Any


def split_nonfinite(tree: Any) -> tuple[Any, dict[str, str]]:
    """Returns the plain tree with `None` for each number that is not finite, and what stood where.

    A tree without such a number is returned itself, not copied.

    Example:
        >>> split_nonfinite({"metrics": {"loss": math.nan}, "rates": [1.0, -math.inf]})
        ({'metrics': {'loss': None}, 'rates': [1.0, None]}, {'metrics.loss': 'NaN', 'rates.1': '-Infinity'})
    """
    found: dict[str, str] = {}
    _find_nonfinite(tree, (), found)
    return (without_nonfinite(tree) if found else tree), found


def nonfinite_name(number: float) -> str:
    """Returns what stands in an entry's `nonfinite` for a number that is not finite.

    Example:
        >>> nonfinite_name(float("-inf"))
        '-Infinity'
    """
    if math.isnan(number):
        return "NaN"
    return "Infinity" if number > 0 else "-Infinity"


def without_nonfinite(node: Any) -> Any:
    """Returns a plain value with `None` for every number that is not finite, as JSON wants it.

    Example:
        >>> without_nonfinite({"a": [float("nan"), 1.0]})
        {'a': [None, 1.0]}
    """
    if isinstance(node, float):
        return node if math.isfinite(node) else None
    if isinstance(node, dict):
        return {key: without_nonfinite(item) for key, item in node.items()}
    if isinstance(node, (list, tuple)):
        return [without_nonfinite(item) for item in node]
    return node


def _find_nonfinite(node: Any, path: tuple[str, ...], found: dict[str, str]) -> None:
    if isinstance(node, float):
        if not math.isfinite(node):
            found[".".join(path)] = nonfinite_name(node)
    elif isinstance(node, dict):
        for key, item in node.items():
            if isinstance(item, (float, dict, list)):
                _find_nonfinite(item, (*path, key), found)
    elif isinstance(node, list):
        for index, item in enumerate(node):
            if isinstance(item, (float, dict, list)):
                _find_nonfinite(item, (*path, str(index)), found)
