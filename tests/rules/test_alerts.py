"""What is told, how often, and what is only a symptom."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any, ClassVar

import pytest

from verbose_logging.entries import TrainingStepComplete
from verbose_logging.guard import Guard
from verbose_logging.protocols import Condition
from verbose_logging.rules import RULES
from verbose_logging.rules.alerts import Alerts
from verbose_logging.rules.base import BaseRule, Verdicts

START = datetime(2026, 1, 2, tzinfo=timezone.utc)


class Cause(BaseRule):
    """Fires while `cause` is true."""

    name = "cause"
    explains: ClassVar[frozenset[str]] = frozenset({"symptom"})

    def at_step(self, entry: TrainingStepComplete) -> Verdicts:
        """Returns what stands in the entry."""
        return (Condition(firing=bool(entry.metrics.get(self.name))),)


class Symptom(Cause):
    """Fires while `symptom` is true."""

    name = "symptom"
    explains: ClassVar[frozenset[str]] = frozenset()


def step(number: int, *, seconds: float | None = None, **metrics: Any) -> TrainingStepComplete:
    """Returns a step's entry, a second after the one before."""
    at = START + timedelta(seconds=number if seconds is None else seconds)
    return TrainingStepComplete(
        timestamp=at.isoformat(), level="INFO", message="", run_id="r", seq=1, rank=0, step=number, epoch=1,
        timing={}, metrics=metrics, progress={},
    )  # fmt: skip


def told(*entries: TrainingStepComplete) -> list[tuple[str, str, int]]:
    """Returns rule, state and step of what is told."""
    alerts = Alerts([Cause(), Symptom()], Guard(print, strict=True))
    return [(found.rule.name, found.state, found.step) for entry in entries for found in alerts.judge(entry)]


def test_a_symptom_is_not_told_while_its_cause_holds() -> None:
    """And is told when it outlives it."""
    both = [step(number, cause=1, symptom=1) for number in (1, 2, 3)]

    assert [("cause", "firing", 1)] == told(*both)
    assert [("cause", "firing", 1), ("cause", "resolved", 4), ("symptom", "firing", 4)] == told(
        *both, step(4, symptom=1)
    )


def test_a_symptom_that_came_first_is_told() -> None:
    """Nobody could know better then."""
    assert [("symptom", "firing", 1), ("cause", "firing", 2)] == told(step(1, symptom=1), step(2, symptom=1, cause=1))


def test_an_hour_of_flapping_is_a_handful_of_lines() -> None:
    """Every other second: four beginnings in the first hour, one an hour after that."""
    entries = [step(number, symptom=number % 2) for number in range(4 * 3600)]
    begun = [number for _, state, number in told(*entries) if state == "firing"]

    assert 4 == sum(number < 3600 for number in begun)
    assert len(begun) <= 8


@pytest.mark.parametrize("name", sorted(RULES))
def test_what_a_rule_explains_is_a_rule(name: str) -> None:
    """Each symptom has the name of a rule, and none explains itself."""
    explained = getattr(RULES[name], "explains", frozenset())

    assert set() == explained - set(RULES)
    assert name not in explained


def test_a_run_that_ends_within_the_cool_down_does_not_end_as_resolved() -> None:
    """What comes back and stays is told after 40 entries; the flapping before it was told once."""
    entries = [step(1, symptom=1), step(2), *(step(number, symptom=1) for number in range(3, 60))]

    assert [("symptom", "firing", 1), ("symptom", "resolved", 2), ("symptom", "firing", 42)] == told(*entries)


def test_what_comes_back_for_long_again_and_again_is_told_ever_more_rarely() -> None:
    """On for a hundred entries and off for one, for a quarter of an hour: each time twice as long is asked for."""
    entries = [step(number, seconds=number / 100, symptom=number % 101 != 0) for number in range(90_000)]

    assert 3 == sum(state == "firing" for _, state, _ in told(*entries))
