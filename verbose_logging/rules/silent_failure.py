"""Trainings that run without an error and learn nothing, found within their first steps."""

from __future__ import annotations

from typing import ClassVar

from verbose_logging.entries import Severity, TrainingInitialization, TrainingStepComplete
from verbose_logging.protocols import Condition
from verbose_logging.rules.base import NOTHING, BaseRule, Verdicts
from verbose_logging.rules.context import reading
from verbose_logging.rules.parameters import Count
from verbose_logging.rules.streaks import StreakRule

_FIRST_STEPS = 20


class NothingTrainable(BaseRule):
    """No parameter of the model is trainable."""

    name = "nothing_trainable"
    severity: ClassVar[Severity] = "CRITICAL"
    explains: ClassVar[frozenset[str]] = frozenset(
        {"zero_gradient", "vanishing_gradients", "not_learning", "zero_learning_rate"}
    )

    def at_initialization(self, entry: TrainingInitialization) -> Verdicts:
        """Returns whether there is anything to train, where the model could be counted."""
        total, trainable = entry.model_info.get("total_parameters"), entry.model_info.get("trainable_parameters")
        if not total or trainable is None:
            return NOTHING
        adapters = bool(entry.model_info.get("adapters"))
        return (
            Condition(
                firing=trainable == 0,
                verdict=f"Nothing is trainable: all {total:,} parameters are frozen",
                evidence={"total_parameters": total, "trainable_parameters": trainable},
                suggestion="The adapter is loaded for inference: PeftModel.from_pretrained(..., is_trainable=True)."
                if adapters
                else "Set requires_grad on what should learn, or give a peft_config for LoRA; an 8-bit or 4-bit model "
                "needs one.",
            ),
        )


class LabelsMasked(StreakRule):
    """Not one label of a step counts: all are -100.

    Args:
        steps: So many steps in a row count; one is enough where its loss is no number for that reason.
    """

    name = "labels_masked"
    severity: ClassVar[Severity] = "CRITICAL"
    explains: ClassVar[frozenset[str]] = frozenset(
        {"nonfinite_loss", "nonfinite_gradient", "zero_loss", "zero_gradient", "vanishing_gradients", "not_learning"}
    )

    def __init__(self, *, steps: Count = 3) -> None:
        super().__init__(steps=steps)

    def holds(self, entry: TrainingStepComplete) -> bool | None:
        """Returns whether there was nothing to learn from, where labels were counted."""
        tokens = reading(entry, "loss_tokens")
        return None if tokens is None else tokens == 0

    def condition(self, entry: TrainingStepComplete, in_a_row: int) -> Condition:
        """Returns how many steps in a row had no label."""
        broken = in_a_row > 0 and self.run.loss is not None and self.run.finite_loss is None
        return Condition(
            firing=broken or in_a_row >= self._steps,
            verdict=f"All labels of step {entry.step} are masked (-100)"
            + (", so its loss is no number" if broken else f", as in {in_a_row} steps in a row"),
            evidence={
                "step": entry.step,
                "loss_tokens": 0,
                "padded_tokens": entry.metrics.get("padded_tokens"),
                "steps_in_a_row": in_a_row,
            },
            suggestion="Look at the labels of one batch: a response template that is never found, a prompt that "
            "fills the whole max_length, or a chat template without {% generation %} masks everything.",
        )


class ZeroLoss(StreakRule):
    """The loss is exactly 0 in the first steps, where nothing has been learned yet.

    Not for the loss of a policy (GRPO), whose value begins at 0.

    Args:
        steps: So many steps in a row count.
    """

    name = "zero_loss"
    severity: ClassVar[Severity] = "ERROR"
    explains: ClassVar[frozenset[str]] = frozenset({"zero_gradient", "vanishing_gradients", "not_learning"})

    def __init__(self, *, steps: Count = 3) -> None:
        super().__init__(steps=steps)

    def begin(self) -> None:
        """Forgets the run before."""
        super().begin()
        self._count = 0

    def holds(self, entry: TrainingStepComplete) -> bool | None:
        """Returns whether the loss is 0, in the first steps."""
        self._count += 1
        loss = self.run.loss
        if self._count > _FIRST_STEPS or loss is None or self.run.loss_kind == "policy":
            return None
        return loss == 0

    def condition(self, entry: TrainingStepComplete, in_a_row: int) -> Condition:
        """Returns how many steps in a row had no loss."""
        return Condition(
            firing=in_a_row >= self._steps,
            verdict=f"The loss is exactly 0 in the first {in_a_row} steps: nothing is being compared",
            evidence={"step": entry.step, "steps_in_a_row": in_a_row, "loss": 0.0},
            suggestion="Look at the labels of one batch and at compute_loss: masked labels, a mask of zeros, or "
            "targets that equal the outputs by construction.",
        )
