"""Where the time goes: every gap between two events of the training thread belongs to one part.

The Trainer has no event before a batch fetch, an evaluation or a save, but each of them ends in an event, so the gap
that ends there is its time. The parts sum to the wall time because every gap is given to exactly one of them.
"""

from __future__ import annotations

from verbose_logging.facts import (
    EpochBegin,
    EpochEnd,
    Evaluated,
    Fact,
    FactsDropped,
    Logged,
    OptimizerStep,
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

PARTS = (
    "startup",
    "data_wait",
    "forward_backward",
    "optimizer",
    "logging",
    "evaluation",
    "checkpoint",
    "other",
)
OUTSIDE_STEPS = frozenset({"startup", "evaluation", "checkpoint"})

_PART_ENDING_IN: dict[type, str] = {
    TrainBegin: "other",
    EpochBegin: "other",
    StepBegin: "data_wait",
    SubstepEnd: "forward_backward",
    PreOptimizerStep: "forward_backward",
    OptimizerStep: "optimizer",
    StepEnd: "optimizer",
    EpochEnd: "other",
    Logged: "logging",
    PredictionStep: "evaluation",
    Evaluated: "evaluation",
    Saved: "checkpoint",
    TrainEnd: "other",
    RunBroken: "other",
}


class Ledger:
    """Splits the training thread's time into parts, for the session and for the step under way.

    Attributes:
        totals: Seconds per part since training began.
        step_parts: Seconds per part from the end of the previous step to the end of the last one; `None` where that
            is not known (before the first step, or when facts were lost within it).
        last_gap: Seconds between the last two events.
        evaluation_seconds: Duration of the last evaluation.
    """

    def __init__(self) -> None:
        self.totals = dict.fromkeys(PARTS, 0.0)
        self.step_parts: dict[str, float] | None = None
        self.last_gap = 0.0
        self.evaluation_seconds = 0.0
        self._began_at: float | None = None
        self._last_at: float | None = None
        self._open = dict.fromkeys(PARTS, 0.0)
        self._starting = True
        self._evaluating = False
        self._damaged = False
        self._evaluation_open = 0.0

    def observe(self, fact: Fact) -> None:
        """Takes in a fact; those of other threads do not move the ledger."""
        if isinstance(fact, FactsDropped):
            self._damaged = True
            return
        part = _PART_ENDING_IN.get(type(fact))
        if part is None:
            return
        if isinstance(fact, TrainBegin):
            self._begin(fact)
        elif self._last_at is not None:
            self._book(fact, self._refine(fact, part), fact.at - self._last_at)
        self._last_at = fact.at

    def _begin(self, fact: TrainBegin) -> None:
        if self._began_at is None:
            self._began_at = fact.at
        elif self._last_at is not None:
            self.totals["other"] += fact.at - self._last_at
        self._starting = True
        self._evaluating = False
        self._open = dict.fromkeys(PARTS, 0.0)

    def _refine(self, fact: Fact, part: str) -> str:
        """Corrects the part by what is under way: everything before the first step is start-up."""
        if isinstance(fact, PredictionStep):
            self._evaluating = True
        elif isinstance(fact, Logged) and (self._evaluating or any(name.startswith("eval_") for name in fact.logs)):
            part = "evaluation"
        elif isinstance(fact, Evaluated):
            self._evaluating = False
        if not self._starting or part in OUTSIDE_STEPS:
            return part
        if isinstance(fact, StepBegin):
            self._starting = False
        return "startup"

    def _book(self, fact: Fact, part: str, gap: float) -> None:
        self.last_gap = gap
        self.totals[part] += gap
        self._open[part] += gap
        self._evaluation_open += gap if part == "evaluation" else 0.0
        if isinstance(fact, Evaluated):
            self.evaluation_seconds, self._evaluation_open = self._evaluation_open, 0.0
        elif isinstance(fact, StepEnd):
            self.step_parts = None if self._damaged else self._open
            self._open = dict.fromkeys(PARTS, 0.0)
            self._damaged = False

    @property
    def step_time_seconds(self) -> float | None:
        """Time of the last step, from the end of the one before, without start-up, evaluation and checkpoints."""
        if self.step_parts is None:
            return None
        return sum(seconds for part, seconds in self.step_parts.items() if part not in OUTSIDE_STEPS)

    @property
    def total_seconds(self) -> float:
        """Wall time since training began."""
        return 0.0 if self._began_at is None or self._last_at is None else self._last_at - self._began_at

    def report(self) -> dict[str, float]:
        """Returns the session's parts as `PART_seconds`, and `total_seconds`, their sum."""
        return {f"{part}_seconds": seconds for part, seconds in self.totals.items()} | {
            "total_seconds": self.total_seconds
        }
