"""How long something that recurs takes."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verbose_logging.meters.durations import Durations


def after(seconds: list[float], *, warm_up: int = 0, enough: int = 5) -> Durations:
    """Returns durations that have seen these."""
    durations = Durations(warm_up=warm_up, enough=enough)
    for value in seconds:
        durations.add(value)
    return durations


def test_nothing_is_known_before_the_first() -> None:
    """Without a duration there is neither a typical one nor a forecast."""
    durations = after([])

    assert durations.typical_seconds is None
    assert durations.forecast(3) is None


def test_warm_up_counts_until_it_can_be_done_without() -> None:
    """Four durations all count, each cut at 1.4 times the median; from the fifth on the first two do not."""
    slow_start = [2.1, 2.1, 2.0, 2.0, 2.0]

    assert pytest.approx(2.05) == after(slow_start[:4], warm_up=2).typical_seconds
    assert pytest.approx(2.0) == after(slow_start, warm_up=2).typical_seconds


@pytest.mark.parametrize("pause", [10.0, 1000.0, 1e6])
def test_a_single_pause_moves_the_typical_duration_by_a_tenth_at_most(pause: float) -> None:
    """However long a pause was, the steps to come are not taken for pauses."""
    typical = after([1.0] * 20 + [pause]).typical_seconds

    assert typical is not None
    assert 1.0 < typical <= 1.1


@pytest.mark.parametrize("new", [0.5, 1.5, 60.0])
def test_a_lasting_change_is_believed_after_five(new: float) -> None:
    """Four at the new pace move the old one by a tenth each at most; the fifth throws all that was before it out."""
    before = [1.0 + 0.01 * (number % 7) for number in range(300)]

    assert pytest.approx(1.03, abs=0.45) == after(before + [new] * 4).typical_seconds
    assert pytest.approx(new) == after(before + [new] * 5).typical_seconds


def test_old_durations_leave() -> None:
    """A change too slight to be told from chance is followed all the same: only the last 505 count."""
    assert pytest.approx(1.5, abs=0.01) == after([1.0, 3.0] * 400 + [1.0, 2.0] * 253).typical_seconds


def test_a_forecast_is_as_unsure_as_its_formula_says() -> None:
    """Four durations of 1 and 1.5 s: mean 1.25, spread (0.25 + 0.625^2) / 4; ten more vary by 10 + 100 / 4 of it."""
    forecast = after([1.0, 1.5, 1.0, 1.5]).forecast(10)

    assert forecast is not None
    assert pytest.approx(12.5) == forecast.seconds
    assert pytest.approx(0.16015625 * 35) == forecast.variance


@given(st.lists(st.floats(0.0, 1e6), min_size=1, max_size=700), st.integers(0, 10_000))
def test_a_forecast_is_finite_and_never_negative(seconds: list[float], count: int) -> None:
    """Whatever was measured, the time to come lies within `count` times what was seen."""
    forecast = after(seconds, warm_up=2).forecast(count)

    assert forecast is not None
    assert count * min(seconds) <= forecast.seconds * (1 + 1e-9) + 1e-9
    assert forecast.seconds <= count * max(seconds) * (1 + 1e-9)
    assert forecast.variance >= 0
    assert math.isfinite(forecast.variance)
