"""Which way a reading goes."""

from __future__ import annotations

import random

import pytest

from verbose_logging.recorder.trends import Trend


def trend_of(values: list[float], *, limit: float | None = 100.0) -> dict[str, float | str]:
    """Returns the report over readings one second apart."""
    trend = Trend()
    for second, value in enumerate(values):
        trend.add(float(second), value, limit)
    return trend.report()


def test_rising_memory_says_when_it_is_full() -> None:
    """From 60 % at 1 % a second, 100 % is 31 seconds away after the tenth reading of 69 %."""
    report = trend_of([60.0 + second for second in range(10)])

    assert "increasing" == report["trend_direction"]
    assert pytest.approx(60.0) == report["slope_per_minute"]
    assert pytest.approx(31 / 60) == report["minutes_to_limit"]


def test_figures_are_those_of_the_last_readings() -> None:
    """Only the last ten (and for the average the last five) readings count."""
    report = trend_of([99.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0])

    assert (10.0, 8.0, 10.0, 1.0) == (
        report["current"],
        report["avg_last_5"],
        report["max_last_10"],
        report["min_last_10"],
    )


def test_falling_is_decreasing_and_has_no_time_to_the_limit() -> None:
    """What falls never reaches its limit."""
    report = trend_of([80.0 - second for second in range(10)])

    assert "decreasing" == report["trend_direction"]
    assert "minutes_to_limit" not in report


def test_noise_around_a_level_is_stable() -> None:
    """Readings that scatter by a third of a percent around 70 % go nowhere."""
    scatter = random.Random(7)

    assert "stable" == trend_of([70.0 + scatter.uniform(-0.15, 0.15) for _ in range(10)])["trend_direction"]


def test_few_readings_are_stable() -> None:
    """Four readings are too few to call a direction."""
    assert "stable" == trend_of([10.0, 20.0, 30.0, 40.0])["trend_direction"]
