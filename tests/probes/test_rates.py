from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from verbose_logging.probes.rates import Rates
from verbose_logging.testing import ManualClock


def test_the_first_look_has_no_rates() -> None:
    """A counter's value alone says nothing of its rate."""
    assert {} == Rates(ManualClock().monotonic).since_last({"x": 100.0})


def test_a_rate_is_growth_per_second_since_the_last_look() -> None:
    """30 more in 4 seconds are 7.5 a second."""
    clock = ManualClock()
    rates = Rates(clock.monotonic)
    rates.since_last({"x": 100.0})
    clock.advance(4.0)

    assert {"x": 7.5} == rates.since_last({"x": 130.0})


def test_a_counter_that_goes_back_has_no_rate() -> None:
    """A device was taken away or a counter wrapped: the rate is unknown, and the other counters have theirs."""
    clock = ManualClock()
    rates = Rates(clock.monotonic)
    rates.since_last({"x": 100.0, "y": 0.0})
    clock.advance(1.0)

    assert {"y": 5.0} == rates.since_last({"x": 99.0, "y": 5.0})


def test_a_new_counter_has_no_rate() -> None:
    """A counter seen for the first time has no rate beside older ones that have."""
    clock = ManualClock()
    rates = Rates(clock.monotonic)
    rates.since_last({"x": 0.0})
    clock.advance(1.0)

    assert {"x": 1.0} == rates.since_last({"x": 1.0, "new": 50.0})


def test_a_look_too_soon_does_not_count() -> None:
    """A millisecond gives no rate, and the next rate spans everything since the look before it."""
    clock = ManualClock()
    rates = Rates(clock.monotonic)
    rates.since_last({"x": 0.0})
    clock.advance(0.001)
    too_soon = rates.since_last({"x": 1.0})
    clock.advance(0.999)

    assert ({}, {"x": 3.0}) == (too_soon, rates.since_last({"x": 3.0}))


@given(st.lists(st.tuples(st.floats(0.1, 1e3), st.floats(0, 1e6)), min_size=1))
def test_rates_times_their_spans_sum_to_the_growth(spans: list[tuple[float, float]]) -> None:
    """However the looks are spaced, nothing is counted twice and nothing is lost."""
    clock = ManualClock()
    rates = Rates(clock.monotonic)
    count = 0.0
    rates.since_last({"x": count})
    total = 0.0
    for seconds, growth in spans:
        before = clock.monotonic()
        clock.advance(seconds * 1.001)
        count += growth
        total += rates.since_last({"x": count})["x"] * (clock.monotonic() - before)

    assert math.isclose(count, total, rel_tol=1e-6, abs_tol=1e-6)
