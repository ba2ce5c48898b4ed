"""Gradients that explode, vanish, or are not there at all.

What is usual differs by orders of magnitude: hundreds for some models, thousandths for DPO or a regression on small
targets. So a norm is judged by the run's own level, and only where it stays.
"""

from __future__ import annotations

import math
from collections import deque
from statistics import median
from typing import Annotated, Any, ClassVar, TypeAlias

from msgspec import Meta

from verbose_logging.entries import Severity, TrainingStepComplete
from verbose_logging.formatting import fixed, scientific
from verbose_logging.protocols import Condition
from verbose_logging.robust import noise
from verbose_logging.rules.base import NOT_FIRING, NOTHING, BaseRule, Verdicts
from verbose_logging.rules.parameters import Count, Fraction, NotNegative, Times
from verbose_logging.rules.streaks import InARow, StreakRule
from verbose_logging.windows import Window

_RECENT = 5  # steps within which `repeats` must lie
_ENOUGH = 8  # norms before anything is usual
_AT_LEAST = 10.0  # below this nothing explodes
_SIGMAS = 4.0  # of the norms' logarithm: fewer only where it scatters by more than half, as with one sample a step
_LEARNED = 0.95  # of the first losses
_SUDDEN = 10.0  # times the limit: from there a norm breaks off, it does not fade
_FIRST_NORMS = 50
_FIRST_LOSSES = 10

FewOfTheRecent: TypeAlias = Annotated[int, Meta(ge=1, le=_RECENT)]
EnoughForHalves: TypeAlias = Annotated[int, Meta(ge=2)]


class ExplodingGradients(BaseRule):
    """Gradients far above this run's usual ones, again and again: above 10 and above 8 times the median of 50 steps.

    They must also stand out of the run's own noise: with one sample a step, norms of ten times the usual are usual.

    Args:
        times_median: Limit as a multiple of the median of the last 50 steps.
        repeats: So many of the last five steps must lie above the limit.
        above: A plain limit instead, which one step passes; 0 for none.
    """

    name = "exploding_gradients"
    severity: ClassVar[Severity] = "ERROR"

    def __init__(self, *, times_median: Times = 8.0, repeats: FewOfTheRecent = 3, above: NotNegative = 0.0) -> None:
        self._times_median = times_median
        self._repeats = repeats
        self._above = above
        super().__init__()

    def begin(self) -> None:
        """Forgets the run before."""
        self._usual = Window(50)
        self._recent: deque[bool] = deque(maxlen=_RECENT)

    def at_step(self, entry: TrainingStepComplete) -> Verdicts:
        """Returns whether the norms of the last steps are out of proportion."""
        norm = self.run.finite_norm
        if norm is None:
            return NOTHING
        is_known = self._above > 0 or len(self._usual) >= _ENOUGH
        if is_known and norm <= (self._above or _AT_LEAST) and True not in self._recent:  # nearly always
            self._usual.add(norm)
            return NOT_FIRING
        usual = self._usual.median if len(self._usual) >= _ENOUGH else None
        self._usual.add(norm)
        limit = self._above or (max(_AT_LEAST, self._times_median * usual) if usual is not None else None)
        if limit is None:
            return NOTHING
        self._recent.append(norm > limit and (self._above > 0 or self._stands_out(norm)))
        firing = norm > limit if self._above else sum(self._recent) >= self._repeats
        return (self._found(entry, norm, limit=limit, usual=usual),) if firing else NOT_FIRING

    def _stands_out(self, norm: float) -> bool:
        logs = [math.log(value) for value in self._usual.values if value > 0]
        return math.log(norm) > median(logs) + _SIGMAS * noise(logs)

    def _found(self, entry: TrainingStepComplete, norm: float, *, limit: float, usual: float | None) -> Condition:
        compared = f", {norm / usual:.0f} times this run's usual {fixed(usual, 2)}" if usual else ""
        if self._above:
            compared = f", above your limit of {self._above:g}"
        evidence: dict[str, Any] = {
            "step": entry.step,
            "grad_norm": norm,
            "limit": limit,
            "median_grad_norm": usual,
            "steps_above_in_last_5": sum(self._recent),
            "learning_rate": entry.metrics.get("learning_rate"),
        }
        return Condition(
            firing=True,
            verdict=f"Gradients explode: norm {fixed(norm, 1)} at step {entry.step}{compared}",
            evidence={name: value for name, value in evidence.items() if value is not None},
            suggestion=self._suggestion(),
        )

    def _suggestion(self) -> str:
        rate = self.run.learning_rate
        lower = f"learning_rate {scientific(rate / 2)} instead of {scientific(rate)}" if rate else "a lower rate"
        clip = self.run.number("max_grad_norm")
        clipping = f"max_grad_norm {clip:g} already clips them" if clip else "max_grad_norm=1.0 to clip them"
        warmup = "" if self.run.warmup_steps else ", warmup_steps of about 5% of the run"
        return f"{lower}{warmup}; {clipping}."


class VanishingGradients(BaseRule):
    """Gradients that are next to nothing while the loss is still high and does not fall.

    Below 0.01 for 20 steps (of the loss, where that is less than 1), or below a hundredth of the run's own level. Where
    they fade after the loss has fallen that may be the end of what can be learned, and it is told as INFO.

    Args:
        below: Limit of the norm; none for a preference or a policy, whose gradients may be as small.
        fraction: Limit as a share of the run's own level, the median of its first 50 steps.
        steps: So many steps in a row count.
    """

    name = "vanishing_gradients"
    explains: ClassVar[frozenset[str]] = frozenset({"not_learning"})

    def __init__(self, *, below: NotNegative = 0.01, fraction: Fraction = 0.01, steps: EnoughForHalves = 20) -> None:
        self._below = below
        self._fraction = fraction
        self._steps = steps
        super().__init__()

    def begin(self) -> None:
        """Forgets the run before."""
        self._small = InARow()
        self._last_usual = math.inf  # the norm before they became small
        self._first_norms: list[float] = []
        self._relative_limit = 0.0  # known once the first norms are
        self._first_losses: list[float] = []
        self._losses = Window(2 * self._steps)

    def at_step(self, entry: TrainingStepComplete) -> Verdicts:
        """Returns whether the norms have been tiny for long, with a loss that has stopped high."""
        norm, loss = self.run.finite_norm, self.run.finite_loss
        if norm is None or loss is None:
            return NOTHING
        self._losses.add(loss)
        limit = self._limit(norm, loss)
        in_a_row = self._small.count(0 < norm < limit)
        if not in_a_row:
            self._last_usual = norm
        if len(self._first_norms) < _FIRST_NORMS:
            self._note_first(norm, loss)
        firing = in_a_row >= self._steps and self._is_high_and_flat()
        return (self._found(entry, norm, limit=limit, in_a_row=in_a_row),) if firing else NOT_FIRING

    def _limit(self, norm: float, loss: float) -> float:
        if norm >= self._below or self.run.loss_kind in {"preference", "policy"}:
            return self._relative_limit  # nearly always: the loss can only lower the other one
        return max(self._below * min(1.0, loss), self._relative_limit)

    def _note_first(self, norm: float, loss: float) -> None:
        self._first_norms.append(norm)
        if len(self._first_losses) < _FIRST_LOSSES:
            self._first_losses.append(loss)
        if len(self._first_norms) == _FIRST_NORMS:
            self._relative_limit = self._fraction * median(self._first_norms)

    def _is_high_and_flat(self) -> bool:
        """Returns whether the loss is above half of what it began with, and within 2% of what it was."""
        values = list(self._losses.values)
        before, now = median(values[: len(values) // 2]), median(values[len(values) // 2 :])
        return now > 0.5 * median(self._first_losses) > 0 and now > 0.98 * before

    def _found(self, entry: TrainingStepComplete, norm: float, *, limit: float, in_a_row: int) -> Condition:
        has_learned = (self._losses.median or 0.0) < _LEARNED * median(self._first_losses)
        has_arrived = has_learned and self._last_usual < _SUDDEN * limit
        return Condition(
            firing=True,
            severity="INFO" if has_arrived else None,
            verdict=f"Gradients vanish: norm {scientific(norm)} at step {entry.step}, below {limit:g} for "
            f"{in_a_row} steps, and the loss stays at {fixed(self._losses.median, 2)}",
            evidence={
                "step": entry.step,
                "grad_norm": norm,
                "limit": limit,
                "steps_in_a_row": in_a_row,
                "loss": self._losses.median,
                "first_loss": median(self._first_losses),
            },
            suggestion="It may be done: compare the evaluation loss; if it should be lower, a larger model or less "
            "regularisation."
            if has_arrived
            else "Look at the depth and the initialisation: residual connections, layer norms before each block, "
            "ReLU or GELU instead of sigmoid and tanh; in half precision check that fp16 does not round them to 0 "
            "(bf16=True).",
        )


class ZeroGradient(StreakRule):
    """The gradient is exactly 0 although the loss is not: no weight gets anything.

    A loss that has come down to exactly 0 leaves nothing to learn; one that begins there is `zero_loss`'s to tell. A
    policy's gradient (GRPO) is 0 whenever all answers to a prompt earned the same, which may also mean that the task is
    solved: there it takes ten times as many steps and is a WARNING.

    Args:
        steps: So many steps in a row count; ten times as many for a policy.
    """

    name = "zero_gradient"
    severity: ClassVar[Severity] = "ERROR"
    explains: ClassVar[frozenset[str]] = frozenset({"vanishing_gradients", "not_learning"})

    def __init__(self, *, steps: Count = 3) -> None:
        super().__init__(steps=steps)

    def holds(self, entry: TrainingStepComplete) -> bool | None:
        """Returns whether there is no gradient where there should be one."""
        norm = self.run.grad_norm
        return None if norm is None else norm == 0 and (self.run.loss != 0 or self.run.loss_kind == "policy")

    def condition(self, entry: TrainingStepComplete, in_a_row: int) -> Condition:
        """Returns for how long there has been none."""
        is_policy = self.run.loss_kind == "policy"
        return Condition(
            firing=in_a_row >= self._steps * (10 if is_policy else 1),
            severity="WARNING" if is_policy else "ERROR",
            verdict=f"The gradient has been exactly 0 for {in_a_row} steps, up to step {entry.step}: "
            "nothing is being learned",
            evidence={"step": entry.step, "steps_in_a_row": in_a_row, "loss": entry.metrics.get("loss")},
            suggestion="All answers to a prompt earn the same reward: either the task is solved, or the reward "
            "functions tell no answer from another (reward, frac_reward_zero_std)."
            if is_policy
            else "Something cuts the graph between the weights and the loss: a detach, a torch.no_grad, trainable "
            "parameters that the forward pass does not use, or gradient checkpointing over frozen inputs "
            "(model.enable_input_require_grads()).",
        )
