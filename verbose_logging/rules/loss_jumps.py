"""A loss that jumps, that runs away, that goes to and fro.

All three assume a loss that is positive and measures something (`run.positive_loss`), so they say nothing about a
policy's (GRPO), which hovers around 0 by design.
"""

from __future__ import annotations

import math
from statistics import median
from typing import Annotated, ClassVar, TypeAlias

from msgspec import Meta

from verbose_logging.entries import Severity, TrainingInitialization, TrainingStepComplete
from verbose_logging.formatting import fixed, scientific
from verbose_logging.protocols import Condition
from verbose_logging.robust import alternation, noise, scatter
from verbose_logging.rules.base import NOT_FIRING, NOTHING, BaseRule, Verdicts
from verbose_logging.rules.parameters import Count, NotNegative, Times
from verbose_logging.rules.streaks import InARow
from verbose_logging.windows import MedianWindow, Window

_LINE = 20  # the losses that one has to stand out of
_SIGMAS = 6.0  # beyond the run's own noise in the logarithm, where losses with long tails are about normal
_AT_LEAST_NATS = 0.5  # of a cross-entropy
_AT_LEAST_OF_START = 0.1  # of another loss, whose unit is not known
_FIRST = 10  # losses that tell the level at the start
_CHECK_EVERY = 10  # steps
_UNLEARNED = 0.25  # of what was learned between the start and the best level
_DIVERGED_SIGMAS = 3.0  # of the present noise, above the best level
_TIMES_CHANCE = 2.0
_TIMES_FIRST = 5.0
_FALLING = 0.95  # of the level 40 steps before

Autocorrelation: TypeAlias = Annotated[float, Meta(ge=-1, le=0)]
EnoughToTakeTurns: TypeAlias = Annotated[int, Meta(ge=_CHECK_EVERY)]


class LossSpike(BaseRule):
    """The loss of one step stands far above all of the last 20: a batch unlike the others, or too large a step.

    Smaller jumps are not told: most runs have them, and recover by themselves.

    Args:
        times_highest: Limit as a multiple of the highest of the last 20 losses; it must also lie six standard
            deviations above their median, by the noise of the last 50, and by as much as matters: half a nat, or a
            tenth of what a loss of another kind began with.
    """

    name = "loss_spike"

    def __init__(self, *, times_highest: Times = 2.0) -> None:
        self._times_highest = times_highest
        super().__init__()

    def begin(self) -> None:
        """Forgets the run before."""
        self._recent = Window(_LINE)
        self._longer = Window(50)
        self._first: list[float] = []
        self._last = math.inf

    def at_step(self, entry: TrainingStepComplete) -> Verdicts:
        """Returns whether this loss is out of line, once 20 have shown the line."""
        loss = self.run.positive_loss
        if loss is None:
            return NOTHING
        verdicts = self._judge(entry, loss) if self._is_high(loss) else NOT_FIRING
        self._recent.add(loss)
        self._longer.add(loss)
        self._last = loss
        if len(self._first) < _FIRST:
            self._first.append(loss)
        return verdicts

    def _is_high(self, loss: float) -> bool:
        """Returns whether the loss is far above the highest of the line, for which it must be far above the last."""
        return (
            loss > self._times_highest * self._last
            and len(self._recent) == _LINE
            and loss > self._times_highest * max(self._recent.values)
        )

    def _judge(self, entry: TrainingStepComplete, loss: float) -> Verdicts:
        usual = self._recent.median or 0.0
        spread = noise(math.log(value) for value in self._longer.values if value > 0)
        least = _AT_LEAST_NATS if self.run.loss_kind is not None else _AT_LEAST_OF_START * median(self._first)
        if usual <= 0 or math.log(loss / usual) <= _SIGMAS * spread or loss - usual <= least:
            return NOT_FIRING
        norm = entry.metrics.get("grad_norm")
        evidence = {"step": entry.step, "loss": loss, "median_loss": usual, "log_noise": spread, "grad_norm": norm}
        return (
            Condition(
                firing=True,
                verdict=f"The loss jumps to {fixed(loss, 2)} at step {entry.step}, "
                f"{loss / usual:.1f} times its usual {fixed(usual, 2)}",
                evidence={name: value for name, value in evidence.items() if value is not None},
                suggestion="Look at this step's samples: a corrupt, empty or foreign one. If the next steps recover, "
                "nothing needs doing; if spikes come back, lower the learning rate or clip harder "
                "(max_grad_norm=0.5).",
            ),
        )


class Divergence(BaseRule):
    """The loss has left what it had learned, and stays away: worse than at the start, or twice its best level.

    Twice next to nothing is next to nothing, so that a quarter of what was learned must be lost as well. A run that
    breaks within its first steps has no level yet; there the very first loss counts, and that of guessing. It is over
    once the loss comes back below the limit.

    Args:
        steps: For so many steps the median of the last ten losses must lie too high.
        times_best: Limit as a multiple of the best level so far.
        above_start_percent: Limit above the level of the first ten steps.
    """

    name = "divergence"
    severity: ClassVar[Severity] = "ERROR"
    explains: ClassVar[frozenset[str]] = frozenset({"loss_spike", "bouncing_loss", "not_learning", "overfitting"})

    def __init__(self, *, steps: Count = 20, times_best: Times = 2.0, above_start_percent: NotNegative = 10.0) -> None:
        self._steps = steps
        self._times_best = times_best
        self._times_start = 1 + above_start_percent / 100
        super().__init__()

    def begin(self) -> None:
        """Forgets the run before."""
        self._recent = MedianWindow(_FIRST)
        self._longer = Window(50)
        self._first: float | None = None
        self._start: float | None = None
        self._start_scatter = 0.0
        self._best = math.inf
        self._best_step = 0
        self._limit = math.inf
        self._away = InARow()
        self._is_lost = False

    def at_initialization(self, entry: TrainingInitialization) -> Verdicts:
        """Takes the loss of guessing into account."""
        self._limit = self._lowest_limit()
        return NOTHING

    def at_step(self, entry: TrainingStepComplete) -> Verdicts:
        """Returns whether the level of the last ten steps is lost for good."""
        loss = self.run.positive_loss
        if loss is None:
            return NOTHING
        self._recent.add(loss)
        if self._first is None:
            self._first = loss
        level = self._recent.median
        if level is None or len(self._recent) < _FIRST:
            return NOTHING
        self._longer.add(loss)
        if level < self._best:
            self._note_best(level, entry.step)
        # a loss that is lost becomes noisy, so noise counts only until it is known to be lost
        in_a_row = self._away.count(level > self._limit and (self._is_lost or self._is_beyond_noise(level)))
        self._is_lost = in_a_row >= self._steps
        return (self._found(entry, level, in_a_row),) if self._is_lost else NOT_FIRING

    def _note_best(self, level: float, step: int) -> None:
        self._best, self._best_step = level, step
        if self._start is None:
            self._start = level
            self._start_scatter = scatter(self._recent.values)
        self._limit = self._lowest_limit()

    def _is_beyond_noise(self, level: float) -> bool:
        calm = min(self._best, self._first or 0.0)
        return level > calm + _DIVERGED_SIGMAS * noise(self._longer.values)

    def _lowest_limit(self) -> float:
        """Returns the lowest of the limits, each beyond what the noise of ten steps does."""
        start = self._start or 0.0
        beyond = 2 * self._start_scatter  # a median of ten has 0.4 of it
        above_start = max(self._times_start * start, start + beyond)
        unlearned = self._best + _UNLEARNED * max(0.0, start - self._best)
        return min(above_start, max(self._times_best * self._best, unlearned), self._hopeless())

    def _hopeless(self) -> float:
        """Returns the loss that no healthy run comes to: twice that of guessing, or else five times the first."""
        first, chance = self._first or math.inf, self.run.chance_loss
        return _TIMES_CHANCE * max(chance, first) if chance else _TIMES_FIRST * first

    def _found(self, entry: TrainingStepComplete, level: float, in_a_row: int) -> Condition:
        rate = self.run.learning_rate
        lower = f"learning_rate {scientific(rate / 3)} instead of {scientific(rate)}" if rate else "a third of the rate"
        had_learned = self._best < (self._first or 0.0)
        reached = f" and had come down to {fixed(self._best, 2)} at step {self._best_step}" if had_learned else ""
        return Condition(
            firing=True,
            verdict=f"Training diverges: the loss is {fixed(level, 2)} at step {entry.step}, it began with "
            f"{fixed(self._first, 2)}{reached}",
            evidence={
                "step": entry.step,
                "median_loss_of_10": level,
                "limit": self._limit,
                "first_loss": self._first,
                "best_loss": self._best,
                "best_step": self._best_step,
                "steps_in_a_row": in_a_row,
            },
            suggestion=f"Stop, go back to a checkpoint from before step {max(1, self._best_step)} and try {lower}, "
            "a longer warm-up, and max_grad_norm=1.0.",
        )


class BouncingLoss(BaseRule):
    """The loss goes up and down from step to step, more than noise would, and gets nowhere.

    Noise is independent from step to step; a step that is too large overshoots, so that high and low take turns. A loss
    that took turns while it was still falling does so by its data (two sources, two batches an epoch): left alone.

    Args:
        steps: The steps that are looked at.
        alternation: Limit of the lag-1 autocorrelation, which is 0 for noise and -1 for perfect turns; over 80 steps
            noise comes to -0.5 about once in 300,000 looks.
    """

    name = "bouncing_loss"

    def __init__(self, *, steps: EnoughToTakeTurns = 80, alternation: Autocorrelation = -0.5) -> None:
        self._steps = steps
        self._alternation = alternation
        super().__init__()

    def begin(self) -> None:
        """Forgets the run before."""
        self._losses = Window(self._steps)
        self._count = 0
        self._is_in_the_data = False

    def at_step(self, entry: TrainingStepComplete) -> Verdicts:
        """Returns, every ten steps, whether the last losses take turns without progress."""
        loss = self.run.positive_loss
        if loss is None:
            return NOTHING
        self._losses.add(loss)
        self._count += 1
        if self._count % _CHECK_EVERY or len(self._losses) < self._steps:
            return NOTHING
        values = list(self._losses.values)
        turns = alternation(values)
        firing = turns <= self._alternation and self._gets_nowhere(values)
        return NOTHING if self.is_quiet(firing) else (self._condition(entry, values, turns=turns, firing=firing),)

    def _gets_nowhere(self, values: list[float]) -> bool:
        """Returns whether losses that take turns do so by more than next to nothing, without falling, now or before."""
        if scatter(values) <= 0.05 * median(values):
            return False
        half = len(values) // 2
        before, now = median(values[:half]), median(values[half:])
        self._is_in_the_data = self._is_in_the_data or now < _FALLING * before
        return now >= before and not self._is_in_the_data

    def _condition(self, entry: TrainingStepComplete, values: list[float], *, turns: float, firing: bool) -> Condition:
        rate = self.run.learning_rate
        return Condition(
            firing=firing,
            verdict=f"The loss bounces between {fixed(min(values), 2)} and {fixed(max(values), 2)} over the last "
            f"{len(values)} steps and does not fall",
            evidence={
                "step": entry.step,
                "alternation": turns,
                "scatter": scatter(values),
                "median_loss": median(values),
            },
            suggestion=f"Each step overshoots: try learning_rate {scientific(rate / 2)} instead of "
            f"{scientific(rate)}, or a larger batch (gradient_accumulation_steps)."
            if rate
            else "Each step overshoots: try half the learning rate, or a larger batch.",
        )
