"""A model that learns its samples by heart."""

from __future__ import annotations

import math
from typing import NamedTuple

from verbose_logging.entries import EvaluationComplete, Severity, TrainingStepComplete
from verbose_logging.formatting import fixed
from verbose_logging.protocols import Condition
from verbose_logging.rules.base import NOT_FIRING, NOTHING, BaseRule, Verdicts
from verbose_logging.rules.context import reading
from verbose_logging.rules.parameters import Count, NotNegative
from verbose_logging.windows import Window

_OF_THE_FIRST = 0.02
_RECENT = 20  # training losses that tell the present level


class _Best(NamedTuple):
    """The best evaluation so far, and the training loss at that time."""

    loss: float
    step: int
    epoch: int
    training_loss: float


class Overfitting(BaseRule):
    """The evaluation loss rises while the training loss goes on falling.

    Args:
        rise_percent: An evaluation counts when it lies so far above the best one, and by 2% of the first one, so that
            a loss of next to nothing may waver.
        evaluations: So many such evaluations in a row; one is enough where it lies four times as far above.
    """

    name = "overfitting"

    def __init__(self, *, rise_percent: NotNegative = 5.0, evaluations: Count = 2) -> None:
        self._rise = rise_percent / 100
        self._evaluations = evaluations
        super().__init__()

    def begin(self) -> None:
        """Forgets the run before."""
        self._training = Window(_RECENT)
        self._first: dict[str, float] = {}
        self._best: dict[str, _Best] = {}
        self._worse: dict[str, int] = {}

    def at_step(self, entry: TrainingStepComplete) -> Verdicts:
        """Notes the training loss."""
        if self.run.finite_loss is not None:
            self._training.add(self.run.finite_loss)
        return NOTHING

    def at_evaluation(self, entry: EvaluationComplete) -> Verdicts:
        """Returns, for each evaluation loss, whether it goes its own way."""
        training = self._training.median
        if training is None or self.run.loss_kind == "policy":
            return NOTHING
        losses = {name: reading(entry, name) for name in entry.metrics if name.endswith("_loss")}
        return [
            self._judge(entry, name, loss=loss, training=training)
            for name, loss in losses.items()
            if loss is not None and math.isfinite(loss)
        ]

    def _judge(self, entry: EvaluationComplete, name: str, *, loss: float, training: float) -> Condition:
        first = self._first.setdefault(name, loss)
        best = self._best.get(name)
        if best is None or loss < best.loss:
            self._best[name] = _Best(loss, entry.step, entry.epoch, training)
            self._worse[name] = 0
            return Condition(firing=False, subject=name)
        rise = loss - best.loss
        limit = max(self._rise * abs(best.loss), _OF_THE_FIRST * abs(first))
        self._worse[name] = self._worse[name] + 1 if rise > limit else 0
        falls = training < best.training_loss - 0.02 * abs(best.training_loss)
        enough = self._worse[name] >= self._evaluations or rise > 4 * limit
        return Condition(
            firing=falls and enough,
            subject=name,
            verdict=f"Overfitting: {name} is up from {fixed(best.loss, 3)} at step {best.step} to {fixed(loss, 3)} at "
            f"step {entry.step}, while the training loss fell from {fixed(best.training_loss, 3)} to "
            f"{fixed(training, 3)}",
            evidence={
                "step": entry.step,
                name: loss,
                "best": best.loss,
                "best_step": best.step,
                "training_loss": training,
                "training_loss_at_best": best.training_loss,
                "evaluations_in_a_row": self._worse[name],
            },
            suggestion=f"Use the checkpoint of step {best.step} (load_best_model_at_end=True, "
            f"metric_for_best_model={name.removeprefix('eval_')!r}), or num_train_epochs={max(1, best.epoch)}; "
            "more data, dropout or weight decay help next time.",
        )


class Memorising(BaseRule):
    """The training loss per token is next to nothing after several epochs, and no evaluation is as low.

    Only for the cross-entropy of a language model: a classifier may well be that sure. Without an evaluation nobody can
    know, and it is told as INFO.

    Args:
        below: Limit of the median loss of 20 steps, in nats per token.
        epochs: From this epoch on.
    """

    name = "memorising"

    def __init__(self, *, below: NotNegative = 0.1, epochs: Count = 3) -> None:
        self._below = below
        self._epochs = epochs
        super().__init__()

    def begin(self) -> None:
        """Forgets the run before."""
        self._training = Window(_RECENT)
        self._evaluation: float | None = None

    def at_step(self, entry: TrainingStepComplete) -> Verdicts:
        """Returns whether the last losses are too good to be learning."""
        loss = self.run.finite_loss
        if loss is None or self.run.loss_kind != "token_cross_entropy":
            return NOTHING
        self._training.add(loss)
        if entry.epoch < self._epochs:
            return NOTHING
        if loss >= 2 * self._below or len(self._training) < _RECENT:
            return NOT_FIRING
        level, known = self._training.median or 0.0, self._evaluation
        severity: Severity = "INFO" if known is None else "WARNING"
        compared = "and no evaluation says otherwise" if known is None else f"the evaluation's is {fixed(known, 2)}"
        evidence = {"step": entry.step, "epoch": entry.epoch, "loss": level, "eval_loss": known, "limit": self._below}
        return (
            Condition(
                firing=level < self._below and (known is None or known > 3 * self._below),
                severity=severity,
                verdict=f"The model knows its samples by heart: the loss is {fixed(level, 3)} in epoch {entry.epoch}, "
                f"{compared}",
                evidence={name: value for name, value in evidence.items() if value is not None},
                suggestion=f"Fewer epochs (num_train_epochs={max(1, entry.epoch // 2)}), more samples, or weight "
                'decay; eval_strategy="epoch" with held-out samples tells when it begins.',
            ),
        )

    def at_evaluation(self, entry: EvaluationComplete) -> Verdicts:
        """Notes the evaluation loss."""
        loss = reading(entry, "eval_loss")
        self._evaluation = loss if loss is not None and math.isfinite(loss) else self._evaluation
        return NOTHING
