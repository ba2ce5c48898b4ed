"""From conditions to findings: what fires, what goes on firing, what is over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial
from typing import NamedTuple

from verbose_logging.entries import Entry, State, UserEntry
from verbose_logging.guard import Guard
from verbose_logging.protocols import Condition, Rule

COOL_DOWN_SECONDS = 300.0
_NOTHING: list[Condition] = []


class Finding(NamedTuple):
    """A condition that has begun or ended.

    Args:
        rule: The rule that found it.
        state: "firing" or "resolved".
        condition: What the rule said.
        entries: How many entries in a row the condition has held for.
    """

    rule: Rule
    state: State
    condition: Condition
    entries: int


class _Alert:
    """The state of one rule for one subject."""

    def __init__(self) -> None:
        self.told = False
        self.count = 0
        self.quiet_until = float("-inf")


class Alerts:
    """Judges entries by every rule and tells each finding once when it begins and once when it ends.

    A finding that comes back within the cool-down is counted, not told again, so that a reading which hovers at its
    limit does not flood the log.

    Args:
        rules: The rules, in the order of their table.
        guard: Contains a rule that raises.
        cool_down_seconds: Quiet time after a finding was told, by the entries' own time.
    """

    def __init__(self, rules: Iterable[Rule], guard: Guard, *, cool_down_seconds: float = COOL_DOWN_SECONDS) -> None:
        self._rules = tuple(rules)
        self._guard = guard
        self._cool_down_seconds = cool_down_seconds
        self._alerts: dict[tuple[str, str], _Alert] = {}

    def judge(self, entry: Entry) -> Iterator[Finding]:
        """Yields what has begun or ended with this entry."""
        if isinstance(entry, UserEntry):
            return
        for rule in self._rules:
            for condition in self._guard.call(f"rule {rule.name}", partial(_conditions, rule, entry), default=_NOTHING):
                yield from self._weigh(rule, condition, entry.timestamp)

    def _weigh(self, rule: Rule, condition: Condition, timestamp: str) -> Iterator[Finding]:
        key = (rule.name, condition.subject)
        alert = self._alerts.get(key)
        if not condition.firing:
            if alert is not None:
                if alert.told:
                    yield Finding(rule, "resolved", condition, alert.count)
                alert.told = False
                alert.count = 0
            return
        alert = self._alerts.setdefault(key, _Alert())
        alert.count += 1
        if alert.told:
            return
        now = datetime.fromisoformat(timestamp).timestamp()
        if now >= alert.quiet_until:
            alert.told = True
            alert.quiet_until = now + self._cool_down_seconds
            yield Finding(rule, "firing", condition, alert.count)


def _conditions(rule: Rule, entry: Entry) -> list[Condition]:
    return list(rule.judge(entry))
