"""What is told, how often, and what is only a symptom."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any, ClassVar

import msgspec
import pytest

from verbose_logging.entries import Entry, Heartbeat, TrainingInitialization, TrainingStart, TrainingStepComplete
from verbose_logging.guard import Guard
from verbose_logging.protocols import Condition
from verbose_logging.rules import RULES
from verbose_logging.rules.alerts import JUDGED, Alerts
from verbose_logging.rules.base import BaseRule, Judge, Verdicts, judge_of

START = datetime(2026, 1, 2, tzinfo=timezone.utc)
COMMON: dict[str, Any] = {
    "timestamp": START.isoformat(), "level": "INFO", "message": "", "run_id": "r", "seq": 1, "rank": 0,
}  # fmt: skip


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


class Foreign:
    """A rule of somebody else's, who has not heard of `BaseRule`: fires at each step that says so, by a generator."""

    name = "foreign"
    kind = "training_health"
    severity = "WARNING"

    def __init__(self) -> None:
        self.seen: list[type] = []

    def judge(self, entry: Entry) -> Iterator[Condition]:
        """Yields what stands in the entry, and breaks where it says so."""
        self.seen.append(type(entry))
        if isinstance(entry, TrainingStepComplete):
            yield Condition(firing=bool(entry.metrics.get(self.name)))
            if entry.metrics.get("broken"):
                raise ValueError("a foreign rule")


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


def test_a_rule_that_only_has_a_judge_sees_every_entry_that_is_judged() -> None:
    """And what its generator yields is told as anybody's."""
    foreign = Foreign()
    alerts = Alerts([foreign], Guard(print, strict=True))
    start = TrainingStart(**COMMON, step=0, epoch=1, attempt=1)
    entries = [start, step(1, foreign=1), Heartbeat(**COMMON, step=1, epoch=1), step(2)]

    found = [(one.state, one.step) for entry in entries for one in alerts.judge(entry)]

    assert [("firing", 1), ("resolved", 2)] == found
    assert [type(entry) for entry in entries] == foreign.seen


def test_a_rule_that_fails_costs_its_own_findings_and_nobody_elses() -> None:
    """Switched off after three failures in a row, a generator's halfway included; those after it judge the entry."""
    problems: list[str] = []
    guard = Guard(lambda part, _: problems.append(part))
    foreign = Foreign()
    alerts = Alerts([Cause(), foreign, Symptom()], guard)
    breaks = [step(1, broken=1), step(2), step(3, broken=1), step(4, broken=1), step(5, broken=1, symptom=1)]

    found = [(one.rule.name, one.step) for entry in [*breaks, step(6, foreign=1)] for one in alerts.judge(entry)]

    assert [("symptom", 5)] == [(name, number) for name, number in found if number == 5]
    assert not any(name == "foreign" for name, _ in found)
    assert {"failures": 4, "error": "ValueError: a foreign rule", "switched_off": True} == guard.report()[
        "rule foreign"
    ]
    assert ["rule foreign", "rule foreign"] == problems, "its first failure, and that it is off"
    assert 5 == len(foreign.seen), "it is not called any more"


def test_a_strict_guard_lets_a_rules_failure_through() -> None:
    """So that a test sees it."""
    with pytest.raises(ValueError, match="a foreign rule"):
        Alerts([Foreign()], Guard(print, strict=True)).judge(step(1, broken=1))


def test_a_rule_is_called_for_the_moments_that_it_overrides_and_no_others() -> None:
    """One with nothing to say at an evaluation costs nothing there."""
    assert [TrainingStart, TrainingStepComplete] == sorted(
        (kind for kind in JUDGED if judge_of(Cause(), kind) is not None), key=lambda kind: kind.__name__
    )


class Alone:
    """A rule as somebody would call it who has only that one, and knows nothing of moments."""

    def __init__(self, rule: Any) -> None:
        self.name, self.kind, self.severity = rule.name, rule.kind, rule.severity
        self.judge: Judge = rule.judge


def eventful() -> Iterator[Entry]:
    """Yields an hour in which nearly everything happens, twice over."""
    described = {"learning_rate": 0.0, "warmup_steps": 0, "fp16": False}
    for attempt in (1, 2):
        yield TrainingInitialization(
            **COMMON, step=0, epoch=1, training_args=described, dataset_info={}, settings={}, metric_sources={},
            model_info={"total_parameters": 9, "trainable_parameters": attempt - 1},
            objective={"loss": "token_cross_entropy", "chance_loss": 4.0, "schedule": "linear"},
        )  # fmt: skip
        yield TrainingStart(**COMMON, step=0, epoch=1, attempt=attempt)
        for number in range(1, 121):
            troubled = (number // 30) % 2 == 1
            at = 3600 * attempt + 15.0 * number
            known = {"loss_tokens": 0 if troubled else 9, "padded_tokens": 10, "real_tokens": 3 if troubled else 9}
            numbers = {"loss": 0.0 if number < 6 else 3.0 + 3 * troubled, "grad_norm": 0.0 if troubled else 1.0}
            yield msgspec.structs.replace(
                step(number, seconds=at, learning_rate=1e-4 * troubled, **numbers, **known),
                timing={"step_time_seconds": 9.0 if troubled else 0.5, "phases": {"data_wait_seconds": 0.4}},
                resource_usage={
                    "sampled_at": (START + timedelta(seconds=at)).isoformat(),
                    "memory": {"usage_percent": 99.0 if troubled else 5.0, "available_gb": 0.1},
                    "process": {"memory_rss_mb": 100.0 * number},
                    "disk": {"free_gb": 1.0 if troubled else 50.0},
                    "gpu": {"devices": [{"error": "lost"} if troubled else {"memory_usage_percent": 40 + number / 2}]},
                },
            )
            if troubled:
                yield Heartbeat(**COMMON, step=number, epoch=1, quiet_seconds=900.0)


@pytest.mark.parametrize("name", sorted(RULES))
def test_a_rule_says_the_same_among_all_others_as_alone(name: str) -> None:
    """That it is called for its moments only, and reads no entry itself, changes nothing of what it finds."""
    dispatched, alone = (Alerts([rule], Guard(print, strict=True)) for rule in (RULES[name](), Alone(RULES[name]())))

    def findings(alerts: Alerts) -> list[Any]:
        return [found[1:] for entry in eventful() for found in alerts.judge(entry)]

    assert findings(alone) == findings(dispatched)


def test_the_end_of_a_finding_carries_its_evidence_and_health_has_no_words() -> None:
    """A rule says once that something does not hold, with its figures, and then nothing until it does."""
    rule = RULES["zero_learning_rate"]()
    ends = [list(rule.judge(step(number, learning_rate=rate))) for number, rate in enumerate([1, 1, 0, 0, 0, 1, 1])]

    assert [False, None, False, False, True, False, None] == [said[0].firing if said else None for said in ends]
    assert {"step": 5, "steps_in_a_row": 0, "warmup_steps": 0} == ends[5][0].evidence


class Talkative(Foreign):
    """Says yes, where a condition is expected."""

    name = "talkative"

    def judge(self, entry: Entry) -> Iterator[Condition]:
        """Yields what is none."""
        self.seen.append(type(entry))
        yield True  # type: ignore[misc]


def test_a_rule_that_says_what_is_no_condition_costs_nobody_elses_findings() -> None:
    """Its failure is told with what it said, and it is switched off as any other that fails."""
    guard = Guard(lambda _part, _error: None)
    talkative = Talkative()
    alerts = Alerts([talkative, Symptom()], guard)

    found = [(one.rule.name, one.step) for number in range(5) for one in alerts.judge(step(number, symptom=1))]

    assert [("symptom", 0)] == found
    assert {"failures": 3, "error": "TypeError: expected conditions, got bool", "switched_off": True} == guard.report()[
        "rule talkative"
    ]
    assert 3 == len(talkative.seen)
