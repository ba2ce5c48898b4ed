"""When the thread wakes: on whole multiples, rarer ones where facts come fast, with every 512 facts in haste."""

from __future__ import annotations

import pytest

from verbose_logging.pipeline.rhythm import Rhythm
from verbose_logging.testing import ManualClock


def sleep_after(delivered: int, *, elapsed: float, began: float = 8.0) -> float:
    """Returns how long to sleep after so many facts in that time."""
    clock = ManualClock(monotonic=began)
    rhythm = Rhythm(clock, 0.25)
    clock.advance(elapsed)
    return rhythm.sleep_seconds(delivered)


@pytest.mark.parametrize("delivered", [0, 1, 16])
def test_at_leisure_the_next_wake_up_is_a_multiple(delivered: int) -> None:
    """A sixteenth of a second behind a quarter, the sleep is as long as what is left of the next."""
    assert sleep_after(delivered, elapsed=0.0625) == 0.1875


def test_where_facts_come_fast_the_next_wake_up_is_every_other_multiple() -> None:
    """1,000 facts a second: an eighth behind a whole second, the sleep is the rest of the half."""
    assert sleep_after(125, elapsed=0.125) == 0.375


def test_where_much_comes_the_sleep_is_as_long_as_512_facts_take() -> None:
    """8,000 facts a second: 64 milliseconds."""
    assert sleep_after(4000, elapsed=0.5) == 0.064


def test_where_much_came_slowly_the_sleep_is_no_longer_than_at_leisure() -> None:
    """After a stall of the disk."""
    assert sleep_after(300, elapsed=8.0) == 0.25


def test_a_second_delivery_right_behind_the_first_makes_no_haste() -> None:
    """A flush by request, which finds next to nothing, does not keep the thread awake."""
    assert sleep_after(1, elapsed=0.0) == 0.25
