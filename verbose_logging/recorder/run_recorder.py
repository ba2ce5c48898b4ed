"""Facts in, entries out: measure, judge, assemble.

The recorder is deterministic. It reads no clock, starts no thread and opens no file: the same facts give the same
entries, byte for byte, whether they come from a training or from a recording of one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any, TypeAlias

import msgspec

from verbose_logging import facts
from verbose_logging.entries import (
    Entry,
    EntryBase,
    ProgressReport,
    TrainingStepComplete,
    UserEntry,
    entry_type,
)
from verbose_logging.facts import Fact
from verbose_logging.guard import Guard
from verbose_logging.levels import Level
from verbose_logging.options.phases import Phase
from verbose_logging.protocols import Rule
from verbose_logging.recorder import assembly, endings
from verbose_logging.recorder.flight_recorder import FlightRecorder
from verbose_logging.recorder.measurements import Measurements
from verbose_logging.recorder.milestones import Milestones
from verbose_logging.recorder.ring import StepRing
from verbose_logging.rules import build_rules
from verbose_logging.rules.actions import rules_that
from verbose_logging.rules.alerts import Alerts, Finding
from verbose_logging.settings import Settings

HEARTBEAT_SECONDS = 30.0
_STEPS_KEPT = 200  # for a log that lacks most of their numbers; where it has them, fewer leave caches to others

Assemble: TypeAlias = Callable[[Measurements, Any], Entry]

# What a fact is told as, where that is one entry of one type whatever came before.
_TOLD_AS: dict[type, tuple[str, Assemble]] = {
    facts.SystemInspected: ("system_initialization", assembly.system_initialization),
    facts.TrainingInspected: ("training_initialization", assembly.training_initialization),
    facts.EpochBegin: ("epoch_begin", assembly.epoch_begin),
    facts.EpochEnd: ("epoch_complete", assembly.epoch_complete),
    facts.StepBegin: ("step_begin", assembly.step_begin),
    facts.SubstepEnd: ("substep_complete", assembly.substep_complete),
    facts.PreOptimizerStep: ("substep_complete", assembly.substep_complete),
    facts.PredictionStep: ("prediction_step", assembly.prediction_step),
    facts.Evaluated: ("evaluation_complete", assembly.evaluation_complete),
    facts.Saved: ("model_checkpoint_save", assembly.model_checkpoint_save),
    facts.FactsDropped: ("entries_dropped", assembly.entries_dropped),
    facts.Quiet: ("heartbeat", assembly.heartbeat),
}

# Facts that can stand between a step's end and its log; any other says that no log came.
_MAY_PRECEDE_LOG = (
    facts.Logged,
    facts.ClockRead,
    facts.Restored,
    facts.ProbeRead,
    facts.ProbeFailed,
    facts.GcPause,
    facts.Quiet,
    facts.UserWrote,
    facts.SystemInspected,
)

_WITH_NUMBERS = (TrainingStepComplete, ProgressReport)


class RunRecorder:
    """Turns the facts of one run into its entries.

    A step's entry waits for the Trainer's log where one follows, so that loss, learning rate and gradient norm stand
    in the step's own line.

    Args:
        level: What is written.
        rules: What is judged; every entry is judged at full detail, whatever the level writes.
        guard: Contains a meter or a rule that raises.
        progress_percent: Share of the run between two progress reports.
        phases: The user's names for shares of the run.
        stopping: Rules that ask for the end of training when they fire.
        peak_flops: What one device can do, in FLOP/s, where the user states it.
    """

    def __init__(  # noqa: PLR0913 - keyword-only options of one recording
        self,
        level: Level,
        rules: Sequence[Rule],
        guard: Guard,
        *,
        progress_percent: float,
        phases: Sequence[Phase] = (),
        stopping: Collection[str] = (),
        peak_flops: float | None = None,
    ) -> None:
        self._guard = guard
        self._run = Measurements(guard, peak_flops=peak_flops)
        self._alerts = Alerts(rules, guard)
        self._milestones = Milestones(progress_percent)
        self._phases = phases
        self._stopping = stopping
        self._ring = StepRing(endings.LAST_STEPS if level.tells_all else _STEPS_KEPT)
        self._detail = FlightRecorder(level, self._ring)
        self._waiting: facts.StepEnd | None = None
        self._training = False
        self._last_entry_at = 0.0
        self._entries: list[Entry] = []
        self._handlers: dict[type, Callable[[Any], None]] = {
            **{kind: partial(self._tell_of, *told) for kind, told in _TOLD_AS.items()},
            facts.StepEnd: self._step_ended,
            facts.Logged: self._logged,
            facts.ClockRead: self._clock_read,
            facts.TrainBegin: self._begin,
            facts.UserWrote: self._user_wrote,
            facts.TrainEnd: self._end,
            facts.RunBroken: self._end,
        }

    def handle(self, fact: Fact) -> list[Entry]:
        """Takes in a fact and returns the entries that it gives rise to, in order, often none."""
        self._entries = []
        if self._waiting is not None and not isinstance(fact, _MAY_PRECEDE_LOG):
            self._finish_step(self._waiting)
        self._run.observe(fact)
        handle = self._handlers.get(type(fact))
        if handle is not None:
            handle(fact)
        return self._entries

    def _tell_of(self, name: str, assemble: Assemble, fact: Fact) -> None:
        if name in self._level.entry_types:
            self._publish(assemble(self._run, fact), fact.at)

    def _step_ended(self, fact: facts.StepEnd) -> None:
        self._waiting = fact
        if not fact.log_follows:
            self._finish_step(fact)

    def _clock_read(self, fact: facts.ClockRead) -> None:
        if self._training and fact.at - self._last_entry_at >= HEARTBEAT_SECONDS:
            self._publish(assembly.heartbeat(self._run, fact), fact.at)

    def _begin(self, fact: facts.TrainBegin) -> None:
        self._training = True
        self._milestones.begin(fact.step, fact.total_steps)
        self._publish(assembly.training_start(self._run, fact), fact.at)

    def _user_wrote(self, fact: facts.UserWrote) -> None:
        self._publish(assembly.user_entry(self._run, fact), fact.at)

    def _finish_step(self, step_end: facts.StepEnd) -> None:
        self._waiting = None
        self._publish(assembly.training_step_complete(self._run, step_end), step_end.at)
        if self._milestones.passed(self._run.position.finished):
            self._publish(assembly.progress_report(self._run, step_end, self._phases), step_end.at)

    def _logged(self, fact: facts.Logged) -> None:
        if self._waiting is not None and not fact.is_of_evaluation:
            self._finish_step(self._waiting)
        if "training_metrics_update" in self._level.entry_types:
            self._publish(assembly.training_metrics_update(self._run, fact), fact.at)

    def _end(self, fact: facts.TrainEnd | facts.RunBroken) -> None:
        self._training = False
        failures = self._guard.report()
        self._publish(endings.ending(self._run, fact, failures=failures, ring=self._ring), fact.at)

    def _publish(self, entry: Entry, at: float) -> None:
        """Writes what the level includes of the entry, and what the rules find in it."""
        if isinstance(entry, UserEntry):
            self._append(entry, at)
            return
        level = self._detail.level_at(entry.step)
        if entry_type(entry) in level.entry_types:
            self._append(shaped(entry, level), at)
        if isinstance(entry, TrainingStepComplete):
            self._ring.add(entry)
        for found in self._alerts.judge(entry):
            self._tell(found, at)

    def _tell(self, found: Finding, at: float) -> None:
        """Writes a finding, and more than usual of what was before it and comes after it."""
        is_new = found.state == "firing"
        more = self._detail.open(found.step) if is_new and found.severity != "INFO" else None
        if is_new and found.rule.name in self._stopping and self._run.position.world_size == 1:
            asked = {"rule": found.rule.name, "step": found.step, "verdict": found.condition.verdict}
            self._run.tally.stop_requested = self._run.tally.stop_requested or asked
        self._append(assembly.finding(self._run, found, at=at, flight_recorder=more), at)

    def _append(self, entry: Entry, at: float) -> None:
        self._run.position.seq += 1
        self._last_entry_at = at
        self._entries.append(entry)

    @property
    def _level(self) -> Level:
        """What is written of the step under way."""
        return self._detail.level_at(self._run.position.step + 1)


def shaped(entry: EntryBase, level: Level) -> Any:
    """Returns an entry without what a level leaves out of a step's numbers."""
    if not isinstance(entry, _WITH_NUMBERS):
        return entry
    changes: dict[str, Any] = {}
    if not level.phases and "phases" in entry.timing:
        changes["timing"] = {name: value for name, value in entry.timing.items() if name != "phases"}
    if isinstance(entry, ProgressReport):
        return msgspec.structs.replace(entry, **changes) if changes else entry
    if not level.trends:
        changes["trends"] = None
    if level.resource_usage_every is None or entry.step % level.resource_usage_every:
        changes["resource_usage"] = None
    return msgspec.structs.replace(entry, **changes) if changes else entry


def recorder_for(settings: Settings, guard: Guard) -> RunRecorder:
    """Returns a fresh recorder with the settings' level, rules and intervals."""
    return RunRecorder(
        settings.level,
        build_rules(settings.alerts, settings.rules),
        guard,
        progress_percent=settings.report_percent,
        phases=settings.phases,
        stopping=rules_that("stop", settings.alerts),
        peak_flops=settings.peak_flops,
    )
