"""What a rule knows of the run that it judges, from the run's own entries: arguments, model, kind of loss, schedule."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from verbose_logging.entries import Entry, EntryBase, TrainingInitialization, TrainingStart

LossKind: TypeAlias = Literal["token_cross_entropy", "classification", "preference", "policy"]

_KINDS: frozenset[str] = frozenset({"token_cross_entropy", "classification", "preference", "policy"})
_NONFINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


class RunContext:
    """Follows the entries that open a training.

    Attributes:
        arguments: The training arguments.
        model: What is known of the model.
        total_steps: Optimizer steps of the whole run, where it has an end.
        first_step: Steps that were done before this session.
    """

    def __init__(self) -> None:
        self.arguments: Mapping[str, Any] = {}
        self.model: Mapping[str, Any] = {}
        self.total_steps: int | None = None
        self.first_step = 0
        self._objective: Mapping[str, Any] = {}
        self._is_perplexing = False

    def observe(self, entry: Entry) -> None:
        """Takes in an entry."""
        if isinstance(entry, TrainingInitialization):
            self.arguments = entry.training_args
            self.model = entry.model_info
            self._objective = entry.objective or {}
            self._is_perplexing = "perplexity" in entry.metric_sources
        elif isinstance(entry, TrainingStart):
            self.total_steps = entry.total_steps
            self.first_step = entry.resumed_from_step or 0

    @property
    def loss_kind(self) -> LossKind | None:
        """What the loss is; `None` where that is not known."""
        kind = self._objective.get("loss")
        if kind in _KINDS:
            return kind  # type: ignore[no-any-return]
        return "token_cross_entropy" if self._is_perplexing else None

    @property
    def chance_loss(self) -> float | None:
        """The loss of a model that knows nothing, where that is known."""
        return _number(self._objective.get("chance_loss"))

    @property
    def schedule(self) -> str | None:
        """The learning rate's schedule, where the Trainer itself made it."""
        name = self._objective.get("schedule")
        return name if isinstance(name, str) else None

    @property
    def warmup_steps(self) -> int:
        """Steps in which the learning rate rises, as the arguments have it; 0 where they say nothing."""
        given = self.number("warmup_steps") or self.number("warmup_ratio") or 0.0
        if given < 1:
            return math.ceil(given * (self.total_steps or 0))
        return int(given)

    def number(self, argument: str) -> float | None:
        """Returns a numeric training argument."""
        return _number(self.arguments.get(argument))


def reading(entry: EntryBase, group: Mapping[str, Any], name: str, *, of: str = "metrics") -> float | None:
    """Returns a number of an entry's group as it was measured: NaN and infinity too, `None` where it is not known.

    Args:
        entry: The entry, for what is not finite.
        group: The entry's group.
        name: The number's name in the group.
        of: The group's name.
    """
    if entry.nonfinite and (word := entry.nonfinite.get(f"{of}.{name}")):
        return _NONFINITE[word]
    return _number(group.get(name))


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
