"""A loss or a gradient that is no number any more."""

from __future__ import annotations

import math
from statistics import median
from typing import ClassVar

from verbose_logging.entries import EvaluationComplete, Severity, TrainingStepComplete
from verbose_logging.formatting import fixed, scientific
from verbose_logging.protocols import Condition
from verbose_logging.rules.base import NOT_FIRING, NOTHING, BaseRule, Verdicts
from verbose_logging.rules.context import reading
from verbose_logging.rules.parameters import Count
from verbose_logging.rules.streaks import StreakRule
from verbose_logging.windows import Window

_GROWN = 3.0  # times the usual norm: the gradients grew before the loss broke


class NonfiniteLoss(BaseRule):
    """The loss is NaN or infinite, in training or in an evaluation; from here on every weight may be spoilt."""

    name = "nonfinite_loss"
    severity: ClassVar[Severity] = "CRITICAL"
    explains: ClassVar[frozenset[str]] = frozenset(
        {"nonfinite_gradient", "divergence", "loss_spike", "bouncing_loss", "not_learning", "zero_loss"}
        | {"zero_gradient", "exploding_gradients", "vanishing_gradients", "overfitting"}
    )

    def begin(self) -> None:
        """Forgets the run before."""
        self._norms = Window(50)
        self._last_norm: float | None = None
        self._last_loss: float | None = None

    def at_step(self, entry: TrainingStepComplete) -> Verdicts:
        """Returns whether the step's loss is a number."""
        loss = self.run.loss
        if loss is None:
            return NOTHING
        if self.run.finite_loss is None:
            return (self._found(entry, loss),)
        self._last_loss = loss
        norm = self.run.finite_norm
        if norm is not None:
            self._norms.add(norm)
            self._last_norm = norm
        return NOT_FIRING

    def _found(self, entry: TrainingStepComplete, loss: float) -> Condition:
        accumulates = (self.run.number("gradient_accumulation_steps") or 1) > 1
        micro_step = entry.metrics.get("nonfinite_micro_step") if accumulates else None
        where = f"step {entry.step}" + (f", micro-batch {micro_step}" if micro_step else "")
        hidden = self.run.arguments.get("logging_nan_inf_filter") is True
        verdict = f"The loss is {_word(loss)} at {where}"
        if hidden:
            verdict += "; the Trainer's own log shows a number there, because logging_nan_inf_filter hides it"
        evidence = {
            "step": entry.step,
            "loss": _word(loss),
            "micro_step": micro_step,
            "last_finite_loss": self._last_loss,
            "last_finite_grad_norm": self._last_norm,
            "earlier_grad_norm": self._earlier_norm(),
            "learning_rate": entry.metrics.get("learning_rate"),
        }
        return Condition(
            firing=True,
            verdict=verdict,
            evidence={name: value for name, value in evidence.items() if value is not None},
            suggestion=self._suggestion(),
        )

    def _earlier_norm(self) -> float | None:
        """Returns the median of the older half of the last norms: those before it may have grown for a while."""
        norms = list(self._norms.values)
        return median(norms[: max(1, len(norms) // 2)]) if norms else None

    def _suggestion(self) -> str:
        usual, last = self._earlier_norm(), self._last_norm
        rate = self.run.learning_rate
        back = "Go back to the last checkpoint before it"
        if usual and last and last > _GROWN * usual and rate:
            return (
                f"The gradients had grown to {fixed(last, 2)} before it: {back.lower()}, "
                f"with learning_rate {scientific(rate / 3)} instead of {scientific(rate)} and max_grad_norm 1.0."
            )
        if self.run.arguments.get("fp16") is True:
            return f"{back}, with bf16=True instead of fp16=True: values above 65,504 overflow in fp16."
        return (
            f"{back} and look at this step's samples: an empty label, a division by zero or an overflow in one of them "
            "is enough. torch.autograd.set_detect_anomaly(True) names the operation."
        )

    def at_evaluation(self, entry: EvaluationComplete) -> Verdicts:
        """Returns whether each evaluation loss is a number."""
        return [
            Condition(
                firing=not math.isfinite(loss),
                subject=name,
                verdict=f"{name} is {_word(loss)} at step {entry.step}",
                evidence={"step": entry.step, name: _word(loss)},
                suggestion="Look for evaluation samples without a label, and for an overflow in half precision.",
            )
            for name in entry.metrics
            if name.endswith("_loss") and (loss := reading(entry, name)) is not None
        ]


class NonfiniteGradient(StreakRule):
    """The gradients are NaN or infinite although the loss is a number; the next update spoils every weight.

    With fp16 a few in a row are usual: the loss scaler skips those steps while it looks for its scale. So it
    may be in a loop of your own, whose precision is not known.

    Args:
        fp16_steps: So many in a row count where fp16 is used, or may be.
    """

    name = "nonfinite_gradient"
    severity: ClassVar[Severity] = "ERROR"
    explains: ClassVar[frozenset[str]] = frozenset({"exploding_gradients", "vanishing_gradients", "zero_gradient"})

    def __init__(self, *, fp16_steps: Count = 10) -> None:
        super().__init__(steps=fp16_steps)

    def holds(self, entry: TrainingStepComplete) -> bool | None:
        """Returns whether the step's gradient norm is no number."""
        return None if self.run.grad_norm is None else self.run.finite_norm is None

    def condition(self, entry: TrainingStepComplete, in_a_row: int) -> Condition:
        """Returns for how long it has been none."""
        norm = _word(self.run.grad_norm)
        needed = self._steps if self.run.arguments.get("fp16", True) is True else 1
        return Condition(
            firing=in_a_row >= needed,
            verdict=f"The gradient norm is {norm} at step {entry.step} while the loss is a number",
            evidence={"step": entry.step, "grad_norm": norm, "steps_in_a_row": in_a_row},
            suggestion="Go back to the last checkpoint before it; look in the model for a square root, a logarithm "
            "or a division at 0, whose gradient is infinite where its value is not.",
        )


def _word(value: float | None) -> str:
    if value is None or math.isfinite(value):
        return fixed(value)
    return "NaN" if math.isnan(value) else "infinite"
