"""From conditions to findings: what fires, what goes on firing, what is over, and what is only a symptom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
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
    UserEntry,
)
from verbose_logging.guard import Guard
from verbose_logging.protocols import Condition, Rule
from verbose_logging.rules.base import NOT_FIRING, NOTHING, BaseRule, Judge, Verdicts, judge_of
from verbose_logging.rules.context import RunContext

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


class _Watch:
    """One rule, and what it has said so far."""

    def __init__(self, rule: Rule, cool_down_seconds: float) -> None:
        self.rule = rule
        self.firing = 0  # subjects
        self.causes: list[_Watch] = []
        self._cool_down_seconds = cool_down_seconds
        self._alerts: dict[str, _Alert] = {}

    def weigh(self, condition: Condition, entry: EntryBase) -> Finding | None:
        """Returns what begins or ends with a condition, `None` where it is not to be told."""
        alert = self._alerts.get(condition.subject)
        if not condition.firing:
            return self._end(alert, condition, entry) if alert is not None and alert.count else None
        if alert is None:
            alert = self._alerts[condition.subject] = _Alert(self._cool_down_seconds)
        self.firing += alert.count == 0
        alert.count += 1
        if alert.told or any(cause.firing for cause in self.causes):
            return None
        now = datetime.fromisoformat(entry.timestamp).timestamp()
        if not alert.may_be_told(now):
            return None
        severity = condition.severity or self.rule.severity
        alert.tell(now, severity)
        return Finding(self.rule, "firing", condition, alert.count, severity, entry.step)

    def _end(self, alert: _Alert, condition: Condition, entry: EntryBase) -> Finding | None:
        over = Finding(self.rule, "resolved", condition, alert.count, alert.severity, entry.step)
        told = alert.told
        alert.told = False
        alert.count = 0
        self.firing -= 1
        return over if told else None


class Alerts:
    """Judges entries by every rule and tells each finding once when it begins and once when it ends.

    A finding that comes back within the cool-down is counted, not told again, and the cool-down doubles each time up
    to an hour, so that a reading which hovers at its limit does not flood the log: at most four times in the first
    hour, and once an hour later. One that comes back and stays is told even so, after 40 entries, the next time after
    80, and so on: a run that ends within the cool-down must not end as resolved. What another finding explains is not
    told while that one holds.

    A rule is called as it is until it fails for the first time, and through the guard from then on: containing a call
    costs about as much as the judgement of a healthy step.

    Args:
        rules: The rules, in the order of their table.
        guard: Contains a rule that raises.
        cool_down_seconds: Quiet time after a finding was told first, by the entries' own time.
    """

    def __init__(self, rules: Iterable[Rule], guard: Guard, *, cool_down_seconds: float = COOL_DOWN_SECONDS) -> None:
        self._guard = guard
        self._run = RunContext()
        self._watches = [_Watch(rule, cool_down_seconds) for rule in rules]
        for watch in self._watches:
            explained = getattr(watch.rule, "explains", ())
            for symptom in self._watches:
                if symptom.rule.name in explained:
                    symptom.causes.append(watch)
            if isinstance(watch.rule, BaseRule):
                watch.rule.run = self._run  # one reading of each entry serves all
        self._judges: dict[type[Entry], list[tuple[_Watch, Judge]]] = {kind: self._judges_of(kind) for kind in JUDGED}

    def judge(self, entry: Entry) -> Sequence[Finding]:
        """Returns what has begun or ended with this entry."""
        judges = self._judges.get(type(entry))
        if judges is None or isinstance(entry, UserEntry):
            return ()
        self._run.observe(entry)
        findings: list[Finding] = []
        for watch, judge in judges:
            try:
                verdicts = judge(entry)
                if not verdicts or (verdicts is NOT_FIRING and not watch.firing):
                    continue  # nearly always
                conditions = _conditions(verdicts)
            except Exception as error:  # noqa: BLE001 - the guard notes it, or lets it through
                self._contain(watch, error)
                continue
            findings.extend(found for one in conditions if (found := watch.weigh(one, entry)) is not None)
        return findings

    def _judges_of(self, kind: type[Entry]) -> list[tuple[_Watch, Judge]]:
        """Returns what judges the entries of a type, for the rules that have something to say of them."""
        judges = ((watch, judge_of(watch.rule, kind)) for watch in self._watches)
        return [(watch, judge) for watch, judge in judges if judge is not None]

    def _contain(self, watch: _Watch, error: Exception) -> None:
        """Tells the guard of a rule's first failure, and has it stand between this rule and us from now on."""
        part = f"rule {watch.rule.name}"
        self._guard.note(part, error)

        def contained(judge: Judge) -> Judge:
            return self._guard.guarded(part, lambda entry: _conditions(judge(entry)), default=NOTHING)

        self._judges = {
            kind: [(one, contained(judge) if one is watch else judge) for one, judge in judges]
            for kind, judges in self._judges.items()
        }


def _conditions(verdicts: Verdicts) -> tuple[Condition, ...]:
    """Returns what a rule says; what its generator raises, and what is no condition, is the rule's failure."""
    conditions = tuple(verdicts)
    for one in conditions:
        if not isinstance(one, Condition):
            raise TypeError(f"expected conditions, got {type(one).__name__}")
    return conditions
