"""From conditions to findings: what fires, what goes on firing, what is over, and what is only a symptom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial
from typing import NamedTuple

from verbose_logging.entries import (
    Entry,
    EntryBase,
    EpochComplete,
    EvaluationComplete,
    Heartbeat,
    ModelCheckpointSave,
    Severity,
    State,
    SystemInitialization,
    TrainingInitialization,
    TrainingStart,
    TrainingStepComplete,
)
from verbose_logging.guard import Guard
from verbose_logging.protocols import Condition, Rule

# Every entry that all levels write, or whose numbers all levels know: what a rule says must not depend on the level.
# Progress reports and the Trainer's logs only repeat what a step's entry has.
JUDGED = (
    TrainingStepComplete,
    EvaluationComplete,
    EpochComplete,
    ModelCheckpointSave,
    Heartbeat,
    SystemInitialization,
    TrainingInitialization,
    TrainingStart,
)
COOL_DOWN_SECONDS = 300.0
_LASTING_ENTRIES = 20
_LONGEST_COOL_DOWN_SECONDS = 3600.0
_NOTHING: tuple[Condition, ...] = ()


class Finding(NamedTuple):
    """A condition that has begun or ended.

    Args:
        rule: The rule that found it.
        state: "firing" or "resolved".
        condition: What the rule said.
        entries: How many entries in a row the condition has held for.
        severity: How bad it is.
        step: Where it held.
    """

    rule: Rule
    state: State
    condition: Condition
    entries: int
    severity: Severity
    step: int


class _Alert:
    """The state of one rule for one subject."""

    def __init__(self, cool_down_seconds: float) -> None:
        self.told = False
        self.count = 0
        self.severity: Severity = "INFO"
        self.quiet_until = float("-inf")
        self.cool_down_seconds = cool_down_seconds
        self.lasting_entries = _LASTING_ENTRIES

    def tell(self, now: float, severity: Severity) -> None:
        """Notes that it is being told, and how long it may not be told again: twice as long each time."""
        self.told = True
        self.severity = severity
        self.quiet_until = now + self.cool_down_seconds
        self.cool_down_seconds = min(2 * self.cool_down_seconds, _LONGEST_COOL_DOWN_SECONDS)
        self.lasting_entries *= 2

    def may_be_told(self, now: float) -> bool:
        """Returns whether its cool-down is over, or it lasts so long that the log must not call it resolved."""
        return now >= self.quiet_until or self.count >= self.lasting_entries


class Alerts:
    """Judges entries by every rule and tells each finding once when it begins and once when it ends.

    A finding that comes back within the cool-down is counted, not told again, and the cool-down doubles each time up
    to an hour, so that a reading which hovers at its limit does not flood the log: at most four times in the first
    hour, and once an hour later. One that comes back and stays is told even so, after 40 entries, the next time after
    80, and so on: a run that ends within the cool-down must not end as resolved. What another finding explains is not
    told while that one holds.

    Args:
        rules: The rules, in the order of their table.
        guard: Contains a rule that raises.
        cool_down_seconds: Quiet time after a finding was told first, by the entries' own time.
    """

    def __init__(self, rules: Iterable[Rule], guard: Guard, *, cool_down_seconds: float = COOL_DOWN_SECONDS) -> None:
        self._rules = tuple(rules)
        self._judges = tuple(
            guard.guarded(f"rule {rule.name}", partial(_conditions, rule), default=_NOTHING) for rule in self._rules
        )
        self._cool_down_seconds = cool_down_seconds
        self._alerts: dict[tuple[str, str], _Alert] = {}
        self._causes = _causes(self._rules)
        self._firing: dict[str, int] = {}

    def judge(self, entry: Entry) -> Iterator[Finding]:
        """Yields what has begun or ended with this entry."""
        if not isinstance(entry, JUDGED):
            return
        for rule, conditions in zip(self._rules, self._judges, strict=True):
            for condition in conditions(entry):
                yield from self._weigh(rule, condition, entry)

    def _weigh(self, rule: Rule, condition: Condition, entry: EntryBase) -> Iterator[Finding]:
        key = (rule.name, condition.subject)
        alert = self._alerts.get(key)
        if not condition.firing:
            if alert is not None and alert.count:
                if alert.told:
                    yield Finding(rule, "resolved", condition, alert.count, alert.severity, entry.step)
                alert.told = False
                alert.count = 0
                self._firing[rule.name] -= 1
            return
        if alert is None:
            alert = self._alerts[key] = _Alert(self._cool_down_seconds)
        self._firing[rule.name] = self._firing.get(rule.name, 0) + (alert.count == 0)
        alert.count += 1
        if alert.told or self._is_symptom(rule):
            return
        now = datetime.fromisoformat(entry.timestamp).timestamp()
        if alert.may_be_told(now):
            severity = condition.severity or rule.severity
            alert.tell(now, severity)
            yield Finding(rule, "firing", condition, alert.count, severity, entry.step)

    def _is_symptom(self, rule: Rule) -> bool:
        return any(self._firing.get(cause) for cause in self._causes.get(rule.name, ()))


def _causes(rules: Iterable[Rule]) -> dict[str, list[str]]:
    """Returns, for each rule, those that explain its findings."""
    causes: dict[str, list[str]] = {}
    for rule in rules:
        for symptom in getattr(rule, "explains", ()):
            causes.setdefault(symptom, []).append(rule.name)
    return causes


def _conditions(rule: Rule, entry: Entry) -> tuple[Condition, ...]:
    return tuple(rule.judge(entry))  # what a generator raises is the rule's failure
