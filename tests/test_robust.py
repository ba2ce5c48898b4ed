"""Robust statistics against plain formulas."""

from __future__ import annotations

import statistics
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verbose_logging.robust import alternation, robust_slope

NUMBERS = st.floats(-1e6, 1e6)


@given(st.floats(-100, 100), st.floats(-100, 100), st.integers(3, 10))
def test_slope_of_a_line_is_found_exactly(slope: float, offset: float, count: int) -> None:
    """Points on a line give the line's slope."""
    fit = robust_slope([(float(x), slope * x + offset) for x in range(count)])

    assert fit is not None
    assert pytest.approx(slope, abs=1e-6) == fit[0]


def test_one_outlier_does_not_turn_the_slope() -> None:
    """One wild point among nine on a line leaves the slope where it was."""
    points = [(float(x), 2.0 * x) for x in range(10)]
    points[4] = (4.0, 1000.0)

    fit = robust_slope(points)

    assert fit is not None
    assert 2.0 == fit[0]


def test_slope_needs_two_different_places() -> None:
    """Points at one x have no slope."""
    assert robust_slope([(1.0, 1.0), (1.0, 5.0)]) is None


@given(st.lists(NUMBERS, min_size=2, max_size=40))
def test_alternation_is_the_autocorrelation_around_the_median(values: list[float]) -> None:
    """As the formula has it; 0 where nothing varies."""
    deviations = [value - statistics.median(values) for value in values]
    total = sum(one * one for one in deviations)
    expected = sum(one * other for one, other in pairwise(deviations)) / total if total else 0.0

    assert expected == alternation(values)
