"""Rolling statistics against naive references."""

from __future__ import annotations

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verbose_logging.windows import (
    DebiasedEma,
    MedianWindow,
    RunningMean,
    ShareWindow,
    Window,
)

NUMBERS = st.floats(-1e6, 1e6)


@given(st.lists(NUMBERS, min_size=2, max_size=50), st.integers(2, 10))
def test_window_equals_the_statistics_of_the_last_values(values: list[float], size: int) -> None:
    """A window's figures are those of the last `size` values, whatever came before."""
    window = Window(size)
    for value in values:
        window.add(value)

    last = values[-size:]
    assert pytest.approx(statistics.fmean(last), abs=1e-6) == window.mean
    assert statistics.median(last) == window.median
    assert pytest.approx(statistics.stdev(last), abs=1e-4) == window.std


@given(st.lists(NUMBERS | st.just(0.0), min_size=1, max_size=60), st.integers(1, 10))
def test_a_median_window_has_exactly_the_median_at_each_step(values: list[float], size: int) -> None:
    """Kept in order as values come and go, it is to the last bit the median of a sorted copy."""
    window = MedianWindow(size)
    for count, value in enumerate(values, 1):
        window.add(value)
        last = values[max(0, count - size) : count]

        assert (statistics.median(last), last, len(last)) == (window.median, list(window.values), len(window))


@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(1e-3, 1e3)), min_size=1, max_size=60),
    st.integers(1, 10),
    st.sampled_from([0.0, 0.2, 0.5, 1.0]),
)
def test_a_share_window_never_misses_a_share_above_its_limit(
    steps: list[tuple[float, float]], size: int, limit: float
) -> None:
    """Where it says that the share cannot be above the limit, it is not; its sums are the plain ones."""
    window = ShareWindow(size, limit)
    for count, (share, whole) in enumerate(steps, 1):
        may_be_above = window.add(share * whole, whole)
        last = steps[max(0, count - size) : count]
        part, total = sum(one * other for one, other in last), sum(other for _, other in last)

        assert (part, total) == window.sums
        assert may_be_above or part / total <= limit
        assert (len(last) == size) == window.is_full


def test_empty_window_knows_nothing() -> None:
    """Without a value every figure is absent, not 0."""
    window = Window(3)

    assert (None, None, None) == (window.mean, window.median, window.std)
    assert MedianWindow(3).median is None


@given(NUMBERS, st.integers(1, 30))
def test_ema_of_a_constant_is_the_constant(value: float, times: int) -> None:
    """The average is not pulled towards its start value."""
    ema = DebiasedEma(0.9)
    for _ in range(times):
        ema.add(value)

    assert ema.value is not None
    assert pytest.approx(value, rel=1e-9, abs=1e-9) == ema.value


def test_ema_matches_a_hand_computed_series() -> None:
    """After 10 and 20: (0.9*0.1*10 + 0.1*20) / (1 - 0.81) = 2.9 / 0.19."""
    ema = DebiasedEma(0.9)
    ema.add(10.0)

    assert pytest.approx(2.9 / 0.19) == ema.add(20.0)


def test_running_mean_weighs_by_steps() -> None:
    """A mean of nine steps and a mean of one step count nine to one."""
    mean = RunningMean()
    mean.add(2.0, weight=9.0)
    mean.add(12.0)

    assert 3.0 == mean.value
