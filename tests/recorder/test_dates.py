"""Dates."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from verbose_logging.recorder.dates import Dates

WALLS = st.floats(min_value=0.0, max_value=4e9)
OFFSETS = st.integers(min_value=-14 * 3600, max_value=14 * 3600)


@given(st.lists(WALLS, min_size=1, max_size=30), OFFSETS)
def test_a_date_is_the_one_of_the_standard_library(walls: list[float], offset: int) -> None:
    """Whatever was asked before, the date is that of `datetime`, to the microsecond."""
    dates = Dates(offset)
    zone = timezone(timedelta(seconds=offset))
    for wall in walls:
        assert datetime.fromtimestamp(wall, zone).isoformat(timespec="microseconds") == dates.date(wall)


def test_a_time_that_rounds_up_to_the_next_second_has_no_seventh_digit() -> None:
    """A quarter of a microsecond before the second is the second."""
    assert Dates().date(9.99999975) == "1970-01-01T00:00:10.000000+00:00"
