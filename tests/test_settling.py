from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from verbose_logging.facts import Deferred, Logged, Saved, SubstepEnd
from verbose_logging.settling import settle


class FakeTensor:
    """A tensor by its methods: `numel` elements, read by `item`."""

    def __init__(self, value: Any, numel: int = 1) -> None:
        """Keeps the value."""
        self._value = value
        self._numel = numel

    def numel(self) -> int:
        """Returns the number of elements."""
        return self._numel

    def item(self) -> Any:
        """Returns or raises the value."""
        if isinstance(self._value, Exception):
            raise self._value
        return self._value


def logged(**logs: Any) -> Logged:
    """Returns what the Trainer logged."""
    return Logged(1.0, logs)


def saved(size_bytes: Any) -> Saved:
    """Returns a checkpoint of that size."""
    return Saved(1.0, step=3, epoch=0.5, path="checkpoint-3", size_bytes=size_bytes)


def test_fact_without_deferred_fields_is_returned_itself() -> None:
    """A fact that defers nothing is not copied."""
    fact = SubstepEnd(1.0)
    assert settle(fact) is fact


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (7, 7),
        (None, None),
        (Deferred(lambda: 7), 7),
        (Deferred(lambda: {"nested": {"kept": "as it is"}}), {"nested": {"kept": "as it is"}}),
        (Deferred(lambda: FakeTensor(7)), 7),
        (FakeTensor(7), 7),
        (np.int64(7), 7),
        (FakeTensor(None, numel=2), None),
    ],
)
def test_field_becomes_a_plain_value(given: Any, expected: Any) -> None:
    """A deferred field holds what it computes, and a scalar on a device its number."""
    settled = settle(saved(given)).size_bytes
    assert expected == settled
    assert type(expected) is type(settled)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (2.5, 2.5),
        (3, 3),
        (np.float64(2.5), 2.5),
        (np.float32(2.5), 2.5),
        (np.array([2.5]), 2.5),
        (FakeTensor(2.5), 2.5),
        (Deferred(lambda: FakeTensor(2.5)), 2.5),
        (-math.inf, -math.inf),
    ],
)
def test_number_of_any_make_becomes_a_python_number(given: Any, expected: float) -> None:
    """Numbers of every library leave a mapping as Python's own."""
    settled = settle(logged(loss=given)).logs["loss"]
    assert expected == settled
    assert type(expected) is type(settled)


def test_nan_stays_a_float() -> None:
    """NaN is a number here: the recorder must see it."""
    assert math.isnan(settle(logged(loss=float("nan"))).logs["loss"])


@pytest.mark.parametrize(
    "value",
    ["text", True, None, [1.0], np.array([1.0, 2.0]), np.bool_(True), FakeTensor("text"), {"a": 1}, Fraction(1, 2)],
)
def test_what_is_no_number_is_left_out(value: Any) -> None:
    """Texts, booleans, arrays and nested values do not pass for metrics."""
    assert {"loss": 1.0} == settle(logged(other=value, loss=1.0)).logs


def test_logs_of_the_adapter_are_not_changed() -> None:
    """The mapping that the fact came with stays as it was."""
    logs = {"loss": FakeTensor(2.5)}
    settle(Logged(1.0, logs))
    assert isinstance(logs["loss"], FakeTensor)


def test_failing_computation_is_absent_and_reported() -> None:
    """A `Deferred` that raises gives `None`, and the problem names its field."""
    problems: list[tuple[str, Exception]] = []
    error = OSError("gone")

    def compute() -> int:
        raise error

    settled = settle(saved(Deferred(compute)), lambda what, problem: problems.append((what, problem)))
    assert settled.size_bytes is None
    assert [("Saved.size_bytes", error)] == problems


def test_failing_metric_costs_no_other() -> None:
    """A scalar whose device fails is left out of its mapping, reported, and the others stay."""
    problems: list[str] = []
    settled = settle(logged(bad=FakeTensor(RuntimeError("lost")), loss=1.0), lambda what, _: problems.append(what))
    assert {"loss": 1.0} == settled.logs
    assert ["Logged.logs['bad']"] == problems
