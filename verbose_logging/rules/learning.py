"""A loss that does not move, and one that has arrived."""

from __future__ import annotations

import math
from statistics import median
from typing import ClassVar

from verbose_logging.entries import EvaluationComplete, Severity, TrainingStepComplete
from verbose_logging.formatting import fixed, scientific
from verbose_logging.protocols import Condition
from verbose_logging.robust import fit_line, noise
from verbose_logging.rules.base import NOT_FIRING, NOTHING, BaseRule, Verdicts
from verbose_logging.rules.context import reading
from verbose_logging.rules.parameters import Count, Percent
from verbose_logging.windows import Blocks, Window

_BLOCKS = 32
_FEWEST_POINTS = 8  # a loop that logs now and then has few losses, and few tell nothing of their noise
_FIRST = 10  # losses that tell the level at the start
_TRAINED = 0.5  # of the loss of guessing
_NEGLIGIBLE_RATE = 1e-8  # Adam moves a weight by about the rate per step: after a million steps by a hundredth
_SIGMAS = 3.0  # confidence of 99.9%, because the run is looked at again and again
_PLATEAU_PERCENT = 0.2
_PLATEAU_STEPS = 200
_PLATEAU_POINTS = 12
_HYSTERESIS = 3.0  # a plateau that was told is over when it is clearly over


class NotLearning(BaseRule):
    """The loss has not moved since warm-up ended: it is where it began. After learning, a flat loss is told as INFO.

    The whole stretch is fitted by a robust line, and it counts as flat only where even the upper end of the line's
    confidence is no progress: a noisy loss needs more steps before anything can be said. A model that begins far below
    the level of guessing was trained before and may have little left to learn: there it is told as INFO.

    Args:
        steps: At least so many after warm-up, and a tenth of the run where its length is known.
        less_than_percent: Progress below this share of the starting level is none.
    """

    name = "not_learning"
    explains: ClassVar[frozenset[str]] = frozenset({"bouncing_loss"})

    def __init__(self, *, steps: Count = 50, less_than_percent: Percent = 2.0) -> None:
        self._steps = steps
        self._less_than = less_than_percent / 100
        super().__init__()

    def begin(self) -> None:
        """Forgets the run before."""
        self._blocks = Blocks(_BLOCKS)
        self._first: list[float] = []
        self._from_step: int | None = None
        self._peak_rate = 0.0
        self._has_learned = False
        self._on_plateau = False

    def at_step(self, entry: TrainingStepComplete) -> Verdicts:
        """Returns, whenever a block of losses is complete, whether they are flat."""
        loss, rate = self.run.positive_loss, self.run.learning_rate
        if loss is None:
            return NOTHING
        if len(self._first) < _FIRST:
            self._first.append(loss)
        if self._is_warming_up(entry.step, rate):
            self._blocks.clear()
            self._from_step = None
            return NOTHING
        self._from_step = self._from_step or entry.step
        if not self._blocks.add(float(entry.step), loss) or entry.step - self._from_step < self._steps - 1:
            return NOTHING
        return self._judge(entry, rate)

    def _learned_before(self, level: float) -> bool:
        """Returns whether a resumed run has its learning behind it: its first loss here is not where it began."""
        chance = self.run.chance_loss
        return self.run.first_step > 0 and (chance is None or level < 0.95 * chance)

    def _is_warming_up(self, step: int, rate: float | None) -> bool:
        if step <= self.run.warmup_steps:
            return True
        rises = rate is not None and rate > self._peak_rate
        self._peak_rate = max(self._peak_rate, rate or 0.0)
        return rises

    def _judge(self, entry: TrainingStepComplete, rate: float | None) -> Verdicts:
        points = self._blocks.points
        start = median(self._first)
        level = median(y for _, y in points[-5:])
        self._has_learned = self._has_learned or self._learned_before(level)
        self._has_learned = self._has_learned or level < 0.95 * start - noise([y for _, y in points])
        if self._has_learned:
            return self._judge_plateau(entry, level, rate)
        stretch = entry.step - (self._from_step or 0) + 1
        if not (self._is_negligible or stretch >= 0.1 * (self.run.total_steps or 0)):
            return NOT_FIRING
        if len(points) < _FEWEST_POINTS or start <= 0 or (fit := fit_line(points)) is None:
            return NOTHING
        gain = -fit.change
        most = gain if self._is_negligible else gain + _SIGMAS * fit.error
        if most >= self._less_than * start:
            return NOT_FIRING
        measured = {
            "step": entry.step,
            "steps": stretch,
            "loss": level,
            "first_loss": start,
            "gain_over_these_steps": gain,
            "chance_loss": self.run.chance_loss,
            "learning_rate": rate,
        }
        return (self._found({name: value for name, value in measured.items() if value is not None}),)

    @property
    def _is_negligible(self) -> bool:
        return 0 < self._peak_rate < _NEGLIGIBLE_RATE

    def _found(self, evidence: dict[str, float]) -> Condition:
        level, chance = evidence["loss"], self.run.chance_loss
        where = " (the level of guessing)" if chance and abs(level - chance) < 0.05 * chance else ""
        was_trained = chance is not None and evidence["first_loss"] < _TRAINED * chance and not self._is_negligible
        return Condition(
            firing=True,
            severity="INFO" if was_trained else None,
            verdict=f"Not learning: the loss is still {fixed(level, 2)}{where} after {evidence['steps']} steps at full "
            f"rate, it began with {fixed(evidence['first_loss'], 2)}",
            evidence=evidence,
            suggestion=self._suggestion(evidence.get("learning_rate")),
        )

    def _suggestion(self, rate: float | None) -> str:
        if self._is_negligible:
            usual = "2e-4 for LoRA" if self.run.model.get("adapters") else "2e-5 to 5e-4"
            return f"learning_rate {scientific(rate)} moves nothing: usual are {usual}."
        higher = f"learning_rate {scientific(2.5 * rate)} instead of {scientific(rate)}" if rate else "a higher rate"
        return (
            f"{higher}. If that changes nothing: do labels belong to their inputs, is the right part of the model "
            "trainable, does a model of this size learn ten samples by heart?"
        )

    def _judge_plateau(self, entry: TrainingStepComplete, level: float, rate: float | None) -> Verdicts:
        late = self._blocks.points[len(self._blocks.points) // 2 :]
        steps = late[-1][0] - late[0][0]
        still_moves = rate is None or rate > 0.1 * self._peak_rate
        can_be_told = len(late) >= _PLATEAU_POINTS and steps >= _PLATEAU_STEPS and still_moves and level > 0
        fit = fit_line(late) if can_be_told else None
        if fit is None:
            return NOTHING if self._on_plateau else NOT_FIRING
        limit = _PLATEAU_PERCENT / 100 * level * (_HYSTERESIS if self._on_plateau else 1.0)
        self._on_plateau = -fit.change + _SIGMAS * fit.error < limit
        rises = fit.change - _SIGMAS * fit.error > limit
        moved = f"has risen by {fixed(fit.change, 3)} to" if rises else "has been flat at"
        return (
            Condition(
                firing=self._on_plateau,
                severity="INFO",
                verdict=f"The loss {moved} {fixed(level, 3)} over {steps:.0f} steps, after it had learned",
                evidence={"step": entry.step, "steps": steps, "loss": level, "gain_over_these_steps": -fit.change},
                suggestion="It unlearns: do the data change here? If not, try half the learning rate."
                if rises
                else "It may be done: compare the evaluation loss, stop here, or let the learning rate fall.",
            ),
        )


class TargetLossReached(BaseRule):
    """The loss has come down to the target: of an evaluation where there is one, else the median of ten steps.

    Args:
        target: The loss that is good enough; 0 for none.
    """

    name = "target_loss_reached"
    severity: ClassVar[Severity] = "INFO"

    def __init__(self, *, target: float = 0.0) -> None:
        self._target = target
        super().__init__()

    def begin(self) -> None:
        """Forgets the run before."""
        self._recent = Window(_FIRST)
        self._evaluates = False
        self._reached = False

    def at_step(self, entry: TrainingStepComplete) -> Verdicts:
        """Returns whether the level of ten steps has reached the target, while no evaluation tells more."""
        loss = self.run.finite_loss
        if loss is None or self._evaluates or not self._target:
            return NOTHING
        self._recent.add(loss)
        level = self._recent.median
        return NOTHING if level is None or len(self._recent) < _FIRST else self._judge(entry.step, "loss", level)

    def at_evaluation(self, entry: EvaluationComplete) -> Verdicts:
        """Returns whether the evaluation has reached the target."""
        loss = reading(entry, "eval_loss")
        if loss is None or not math.isfinite(loss):
            return NOTHING
        self._evaluates = True
        return self._judge(entry.step, "eval_loss", loss)

    def _judge(self, step: int, name: str, loss: float) -> Verdicts:
        self._reached = self._reached or loss <= self._target
        if not self._target or not self._reached:
            return NOTHING
        return (
            Condition(
                firing=True,
                verdict=f"Target reached: {name} is {fixed(loss)} at step {step} (target {self._target:g})",
                evidence={"step": step, name: loss, "target": self._target},
                suggestion='This is good enough by your own measure; {"action": "stop"} ends such a run by itself.',
            ),
        )
