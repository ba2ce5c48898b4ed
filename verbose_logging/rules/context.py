"""What is known of the run that the rules judge, from its own entries, read once for all of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias, get_args

from verbose_logging.entries import Entry, EntryBase, TrainingInitialization, TrainingStart, TrainingStepComplete

LossKind: TypeAlias = Literal["token_cross_entropy", "classification", "preference", "policy"]

_KINDS: dict[str, LossKind] = {kind: kind for kind in get_args(LossKind)}
_NONFINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


class RunContext:
    """Follows the entries that open a training, and the numbers of its steps.

    Attributes:
        arguments: The training arguments.
        model: What is known of the model.
        total_steps: Optimizer steps of the whole run, where it has an end.
        first_step: Steps that were done before this session.
        loss_kind: What the loss is; `None` where that is not known.
        chance_loss: The loss of a model that knows nothing, where that is known.
        schedule: The learning rate's schedule, where the Trainer itself made it.
        warmup_steps: Steps in which the learning rate rises, as the arguments have it; 0 where they say nothing.
        loss: The latest step's loss as it was measured, NaN and infinity too; `None` where it is not known.
        finite_loss: The same where it is a number.
        positive_loss: The same where it measures how far the model is from right: not that of a policy (GRPO), which
            hovers around 0 by design, nor one that has been negative in this training.
        grad_norm: The latest step's gradient norm as it was measured.
        finite_norm: The same where it is a number.
        learning_rate: The latest step's learning rate.
    """

    def __init__(self) -> None:
        self.arguments: Mapping[str, Any] = {}
        self.model: Mapping[str, Any] = {}
        self.total_steps: int | None = None
        self.first_step = 0
        self.loss_kind: LossKind | None = None
        self.chance_loss: float | None = None
        self.schedule: str | None = None
        self.warmup_steps = 0
        self.loss: float | None = None
        self.finite_loss: float | None = None
        self.positive_loss: float | None = None
        self.grad_norm: float | None = None
        self.finite_norm: float | None = None
        self.learning_rate: float | None = None
        self._has_been_negative = False

    def observe(self, entry: Entry) -> None:
        """Takes in an entry."""
        if isinstance(entry, TrainingStepComplete):
            self._read_step(entry)
        elif isinstance(entry, TrainingInitialization):
            self._read_description(entry)
        elif isinstance(entry, TrainingStart):
            self.total_steps = entry.total_steps
            self.first_step = entry.resumed_from_step or 0
            self.warmup_steps = self._steps_of_warmup()
            self._has_been_negative = False

    def _read_step(self, entry: TrainingStepComplete) -> None:
        self.loss = loss = reading(entry, "loss")
        self.finite_loss = loss = loss if loss is not None and math.isfinite(loss) else None
        if loss is None or self.loss_kind == "policy":
            self.positive_loss = None
        else:
            self._has_been_negative = self._has_been_negative or loss < 0
            self.positive_loss = None if self._has_been_negative else loss
        self.grad_norm = norm = reading(entry, "grad_norm")
        self.finite_norm = norm if norm is not None and math.isfinite(norm) else None
        self.learning_rate = reading(entry, "learning_rate")

    def _read_description(self, entry: TrainingInitialization) -> None:
        self.arguments = entry.training_args
        self.model = entry.model_info
        objective = entry.objective or {}
        kind, schedule = objective.get("loss"), objective.get("schedule")
        perplexing: LossKind | None = "token_cross_entropy" if "perplexity" in entry.metric_sources else None
        self.loss_kind = _KINDS.get(str(kind), perplexing)
        self.chance_loss = _number(objective.get("chance_loss"))
        self.schedule = schedule if isinstance(schedule, str) else None
        self.warmup_steps = self._steps_of_warmup()

    def _steps_of_warmup(self) -> int:
        given = self.number("warmup_steps") or self.number("warmup_ratio") or 0.0
        if not math.isfinite(given):
            return 0
        return math.ceil(given * (self.total_steps or 0)) if given < 1 else int(given)

    def number(self, argument: str) -> float | None:
        """Returns a numeric training argument."""
        return _number(self.arguments.get(argument))


def reading(entry: EntryBase, name: str) -> float | None:
    """Returns one of an entry's metrics as it was measured: NaN and infinity too, `None` where it is not known.

    Args:
        entry: A step or an evaluation.
        name: The metric's name.
    """
    if entry.nonfinite and (word := entry.nonfinite.get(f"metrics.{name}")):
        return _NONFINITE.get(word)
    value = entry.metrics.get(name)  # type: ignore[attr-defined] # both have them
    return value if type(value) is float else _number(value)  # nearly always


def _number(value: Any) -> float | None:
    if type(value) not in (float, int):
        return None
    try:
        return float(value)
    except OverflowError:  # a whole number that no float can hold
        return None
