"""Settles facts: what was left for later is computed, what lies on a device becomes a number.

Runs on the pipeline's thread. Tensors and arrays are known by their methods, so that neither torch nor numpy is loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import NoneType
from typing import Any, TypeAlias

import msgspec

from verbose_logging.facts import Deferred, Fact

OnProblem: TypeAlias = Callable[[str, Exception], None]

_NUMBERS = frozenset({float, int})
_SETTLED = _NUMBERS | {NoneType}
_TEXT = frozenset({str})


def ignore_problem(what: str, error: Exception) -> None:
    """Does nothing with a problem."""


def settle(fact: Fact, on_problem: OnProblem = ignore_problem) -> Fact:
    """Returns the fact with its `deferred_fields` as plain values; the same fact if it has none.

    A `Deferred` gives what it computes. A scalar that is still on a device, or a numpy scalar, becomes a Python number.
    A mapping keeps its numbers only: texts, booleans and arrays are left out, NaN stays. What fails is `None`, or left
    out of its mapping.

    Args:
        fact: What an adapter saw.
        on_problem: Told what could not be settled, and why.

    Example:
        >>> from verbose_logging.facts import Logged
        >>> settle(Logged(0.0, logs={"loss": 2.5, "note": "warm-up"})).logs
        {'loss': 2.5}
    """
    if not fact.deferred_fields:
        return fact
    unsettled = {
        name: value
        for name in fact.deferred_fields
        if type(value := getattr(fact, name)) not in _SETTLED and not _is_settled_mapping(value)
    }
    if not unsettled:
        return fact
    kind = type(fact).__name__
    settled = {name: _settled(value, f"{kind}.{name}", on_problem) for name, value in unsettled.items()}
    return msgspec.structs.replace(fact, **settled)


def _is_settled_mapping(value: Any) -> bool:
    """Returns whether a value is a mapping that settling would leave as it is, as it does with most on a CPU."""
    return type(value) is dict and _NUMBERS.issuperset(map(type, value.values())) and _TEXT.issuperset(map(type, value))


def _settled(value: Any, name: str, on_problem: OnProblem) -> Any:
    if isinstance(value, Mapping):
        return _numbers(value, name, on_problem)
    try:
        computed = value.compute() if isinstance(value, Deferred) else value
        return _number(computed) if hasattr(computed, "item") else computed
    except Exception as error:  # noqa: BLE001 - a value that cannot be had is absent
        on_problem(name, error)
        return None


def _numbers(values: Mapping[str, Any], name: str, on_problem: OnProblem) -> dict[str, float | int]:
    numbers = {}
    for key, value in values.items():
        try:
            number = _number(value.compute() if isinstance(value, Deferred) else value)
        except Exception as error:  # noqa: BLE001 - a value that cannot be had is absent
            on_problem(f"{name}[{key!r}]", error)
            continue
        if number is not None:
            numbers[str(key)] = number
    return numbers


def _number(value: Any) -> float | int | None:
    """Returns a Python number; `None` for what is no single number."""
    if hasattr(value, "item") and _size(value) == 1:
        value = value.item()
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    return None


def _size(value: Any) -> int:
    """Returns how many elements a tensor (`numel()`) or an array (`size`) has, without reading them."""
    return int(value.numel() if hasattr(value, "numel") else value.size)
