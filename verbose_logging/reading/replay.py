"""The rules over a log: the same judgement of the same entries, later and as often as one likes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from verbose_logging.entries import ENTRY_TYPES, Entry, TrainingInitialization, TrainingStart, TrainingStepComplete
from verbose_logging.errors import SettingsError
from verbose_logging.guard import Guard
from verbose_logging.rules import RULES, build_rules
from verbose_logging.rules.actions import ACTION
from verbose_logging.rules.alerts import JUDGED, Alerts, Finding

_JUDGED: dict[str, Any] = {name: kind for name, kind in ENTRY_TYPES.items() if issubclass(kind, JUDGED)}


class Replay:
    """Judges the entries of one run, in order, by the rules and parameters that the run had.

    A session that goes on with a run begins with rules that have seen nothing, as its process did; a further attempt
    of the same session does not.

    Attributes:
        steps: How many steps were judged.
    """

    def __init__(self) -> None:
        self.steps = 0
        self._alerts = _alerts({})
        self._opening: TrainingInitialization | None = None

    def take(self, entry: Mapping[str, Any]) -> Iterator[Finding]:
        """Yields what begins or ends with an entry; one that is none of ours, or broken, says nothing."""
        known = _typed(entry)
        if known is None:
            return
        if isinstance(known, TrainingInitialization):
            self._opening = known
            return
        if isinstance(known, TrainingStart):
            yield from self._begin(known)
        else:
            self.steps += isinstance(known, TrainingStepComplete)
            yield from self._alerts.judge(known)

    def _begin(self, start: TrainingStart) -> Iterator[Finding]:
        opening, self._opening = self._opening, None
        if start.attempt == 1:
            self._alerts = _alerts({} if opening is None else opening.settings.get("alerts", {}))
        if opening is not None:
            yield from self._alerts.judge(opening)
        yield from self._alerts.judge(start)

    def rest(self) -> Iterator[Finding]:
        """Yields what is to be said of a training that was described and never began."""
        if self._opening is not None:
            yield from self._alerts.judge(self._opening)


def replay(entries: Iterable[Mapping[str, Any]]) -> Iterator[Finding]:
    """Yields what the rules say of the entries of one run."""
    judge = Replay()
    for entry in entries:
        yield from judge.take(entry)
    yield from judge.rest()


def _typed(entry: Mapping[str, Any]) -> Entry | None:
    kind = _JUDGED.get(str(entry.get("type")))
    if kind is None:
        return None
    try:
        judged: Entry = msgspec.convert(entry, kind)
    except msgspec.ValidationError:
        return None
    return judged


def _alerts(given: Any) -> Alerts:
    """Returns fresh rules with the parameters that stand in a log, or those of today where they are of no use."""
    options: dict[str, Any] = {}
    for name, parameters in (given if isinstance(given, Mapping) else {}).items():
        if name in RULES:
            options[name] = _parameters(parameters)
    try:
        rules = build_rules(options)
    except SettingsError:
        rules = build_rules({})
    return Alerts(rules, Guard(_no_problem))


def _parameters(given: Any) -> Any:
    return {name: value for name, value in given.items() if name != ACTION} if isinstance(given, Mapping) else given


def _no_problem(_part: str, _error: Exception) -> None:
    """Hears nothing: a rule that fails on a strange entry has nothing to say about it."""
