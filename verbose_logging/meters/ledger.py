"""Where the time goes: every gap between two events of the training thread belongs to one part.

A plain loop tells of a step only when it is done: that gap is "training", not split any further. Where it tells of
every tenth step, the step's time is the mean over those ten.

The Trainer has no event before a batch fetch, an evaluation or a save, but each of them ends in an event, so the gap
that ends there is its time. The parts sum to the wall time because every gap is given to exactly one of them.
"""

from __future__ import annotations

from operator import itemgetter

from verbose_logging.facts import (
    EpochBegin,
    EpochEnd,
    Evaluated,
    Fact,
    FactsDropped,
    Logged,
    LoopStep,
    Predicted,
    PredictionStep,
    PreOptimizerStep,
    RunBroken,
    Saved,
    StepBegin,
    StepEnd,
    SubstepEnd,
    TrainBegin,
    TrainEnd,
)
from verbose_logging.hearing import Hearer, hears

PARTS = (
    "startup",
    "data_wait",
    "forward_backward",
    "optimizer",
    "training",
    "logging",
    "evaluation",
    "checkpoint",
    "other",
)
OUTSIDE_STEPS = frozenset({"startup", "evaluation", "checkpoint"})
_of_the_step = itemgetter(*(part for part in PARTS if part not in OUTSIDE_STEPS))
_AFTER_STARTUP = OUTSIDE_STEPS | {"training"}

_PART_ENDING_IN: dict[type, str] = {
    TrainBegin: "other",  # of another attempt; the first one's is start-up
    EpochBegin: "other",
    StepBegin: "data_wait",
    SubstepEnd: "forward_backward",
    PreOptimizerStep: "forward_backward",
    LoopStep: "training",
    StepEnd: "optimizer",
    EpochEnd: "other",
    Logged: "logging",
    PredictionStep: "evaluation",
    Evaluated: "evaluation",
    Predicted: "evaluation",
    Saved: "checkpoint",
    TrainEnd: "other",
    RunBroken: "other",
}

# What is under way after a fact; a log, a save and a micro-batch change nothing. An evaluation that raised is over when
# anything else happens.
_WITHIN_AFTER = dict.fromkeys(_PART_ENDING_IN.keys() - {Logged, Saved, SubstepEnd}, "") | {
    PredictionStep: "evaluation",
    StepBegin: "forward_backward",
}
_ENDS = frozenset({TrainEnd, RunBroken})
_FIRST_OF_A_STEP = frozenset({StepBegin, LoopStep})
_NO_TIME = dict.fromkeys(PARTS, 0.0)


class Ledger(Hearer):
    """Splits the training thread's time into parts, for the session and for the step under way.

    Attributes:
        totals: Seconds per part since training began.
        step_parts: Seconds per part from the end of the previous step to the end of the last one; `None` where that
            is not known (before the first step, or when facts were lost within it).
        step_time_seconds: Their sum, without start-up, evaluation and checkpoints: the time of the last step.
        last_gap: Seconds between the last two events; `None` where only one was seen.
        evaluation_seconds: Duration of the last evaluation; `None` where its beginning was not seen, as outside of a
            training, where nothing is told before the first batch is done.
    """

    def __init__(self) -> None:
        self.totals = _NO_TIME.copy()
        self.step_parts: dict[str, float] | None = None
        self.step_time_seconds: float | None = None
        self.last_gap: float | None = None
        self.evaluation_seconds: float | None = None
        self._last_at: float | None = None
        self._is_training = False
        self._open = _NO_TIME.copy()
        self._starting = self._is_first = True
        self._finished = 0
        self._within = ""
        self._damaged = False
        self._evaluation_open: float | None = 0.0

    @hears(*_PART_ENDING_IN)
    def _close_gap(self, fact: Fact) -> None:
        """Neither the facts of other threads nor time outside of a training move the ledger."""
        kind = type(fact)
        if isinstance(fact, TrainBegin) and fact.attempt == 1:
            self._begin(fact)
        self.last_gap = None if self._last_at is None else fact.at - self._last_at
        part = _PART_ENDING_IN[kind]
        if self._starting or kind is Logged:
            part = self._part_of(fact, part)
        if part == "evaluation":
            self._time_evaluation(fact)
        else:
            self._evaluation_open = 0.0
        if self._is_training and self.last_gap is not None:
            self._book(fact, part, self.last_gap)
        self._within = _WITHIN_AFTER.get(kind, self._within)
        if kind in _FIRST_OF_A_STEP:
            self._starting = False
        elif kind in _ENDS:
            self._is_training = False
        elif isinstance(fact, TrainBegin):
            self._begin_attempt(fact)
        self._last_at = fact.at if self._is_training or kind is PredictionStep else None

    @hears(FactsDropped)
    def _lose(self, _: FactsDropped) -> None:
        self._damaged = True

    def _begin(self, fact: TrainBegin) -> None:
        """Begins the account with the training; describing machine and model for the log is its first start-up time."""
        self._is_training = True
        self._last_at = fact.at - fact.preparation_seconds

    def _part_of(self, fact: Fact, part: str) -> str:
        """Returns the part of a gap, where the kind of fact that it ends in does not tell it all.

        Everything before the first step is start-up, and a log belongs to what it stands in.
        """
        if isinstance(fact, Logged):
            part = self._part_of_log(fact)
        return "startup" if self._starting and part not in _AFTER_STARTUP else part

    def _part_of_log(self, fact: Logged) -> str:
        """A log belongs to what it stands in: an evaluation, a forward pass that logs, or else to logging itself."""
        if self._within:
            return self._within
        return "evaluation" if fact.is_of_evaluation else "logging"

    def _begin_attempt(self, fact: TrainBegin) -> None:
        self._starting = self._is_first = True
        self._finished = fact.step
        self._open = _NO_TIME.copy()

    def _book(self, fact: Fact, part: str, gap: float) -> None:
        """Gives the gap that ends in a fact to a part."""
        self.totals[part] += gap
        self._open[part] += gap
        if isinstance(fact, StepEnd):
            self._end_step(fact)

    def _time_evaluation(self, fact: Fact) -> None:
        if self._evaluation_open is not None:
            self._evaluation_open = None if self.last_gap is None else self._evaluation_open + self.last_gap
        if isinstance(fact, Evaluated):
            self.evaluation_seconds, self._evaluation_open = self._evaluation_open, 0.0

    def _end_step(self, fact: StepEnd) -> None:
        self.step_parts = parts = self._close_step(fact)
        self.step_time_seconds = None if parts is None else sum(_of_the_step(parts))
        self._open = _NO_TIME.copy()
        self._damaged = self._is_first = False

    def _close_step(self, fact: StepEnd) -> dict[str, float] | None:
        """Returns the step's parts, or `None` where its beginning is not known."""
        finished = fact.finished
        steps, self._finished = finished - self._finished, finished
        starts_in_the_dark = self._is_first and steps > 1
        if self._damaged or starts_in_the_dark or not any(self._open.values()):
            return None
        return self._open if steps <= 1 else {part: seconds / steps for part, seconds in self._open.items()}

    @property
    def total_seconds(self) -> float:
        """Wall time since training began."""
        return sum(self.totals.values())

    def report(self) -> dict[str, float]:
        """Returns the session's parts as `PART_seconds`, and `total_seconds`, their sum.

        `training_seconds` is there for a plain loop only.
        """
        parts = {part: seconds for part, seconds in self.totals.items() if seconds or part != "training"}
        return {f"{part}_seconds": seconds for part, seconds in parts.items()} | {"total_seconds": self.total_seconds}
