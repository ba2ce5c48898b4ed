"""What most rules share: the run that they judge, and one method per moment."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from verbose_logging.entries import (
    Entry,
    EvaluationComplete,
    Heartbeat,
    ModelCheckpointSave,
    Severity,
    TrainingInitialization,
    TrainingStart,
    TrainingStepComplete,
)
from verbose_logging.protocols import Condition, FindingKind
from verbose_logging.rules.context import RunContext

Verdicts = Iterable[Condition]
NOTHING: tuple[Condition, ...] = ()


class BaseRule:
    """A rule that overrides the moments it has something to say at.

    Attributes:
        run: What is known of the run.
        explains: Rules whose findings are symptoms of this one: while this one fires, they are not told.
    """

    name: ClassVar[str]
    kind: ClassVar[FindingKind] = "training_health"
    severity: ClassVar[Severity] = "WARNING"
    explains: ClassVar[frozenset[str]] = frozenset()

    def __init__(self) -> None:
        self.run = RunContext()
        self.begin()

    def judge(self, entry: Entry) -> Verdicts:
        """Returns what can be said after this entry."""
        if isinstance(entry, TrainingStepComplete):
            return self.at_step(entry)
        if isinstance(entry, EvaluationComplete):
            return self.at_evaluation(entry)
        if isinstance(entry, ModelCheckpointSave):
            return self.at_checkpoint(entry)
        if isinstance(entry, Heartbeat):
            return self.at_heartbeat(entry)
        self.run.observe(entry)
        if isinstance(entry, TrainingInitialization):
            return self.at_initialization(entry)
        if isinstance(entry, TrainingStart):
            self.begin()
        return NOTHING

    def begin(self) -> None:
        """Forgets what an earlier training, or an earlier attempt at this one, has shown."""

    def at_initialization(self, entry: TrainingInitialization) -> Verdicts:  # noqa: ARG002 - for those who override it
        """Returns what the description of the training tells."""
        return NOTHING

    def at_step(self, entry: TrainingStepComplete) -> Verdicts:  # noqa: ARG002 - for those who override it
        """Returns what can be said after a step."""
        return NOTHING

    def at_evaluation(self, entry: EvaluationComplete) -> Verdicts:  # noqa: ARG002 - for those who override it
        """Returns what can be said after an evaluation."""
        return NOTHING

    def at_checkpoint(self, entry: ModelCheckpointSave) -> Verdicts:  # noqa: ARG002 - for those who override it
        """Returns what can be said after a checkpoint."""
        return NOTHING

    def at_heartbeat(self, entry: Heartbeat) -> Verdicts:  # noqa: ARG002 - for those who override it
        """Returns what can be said when half a minute has gone by without an entry."""
        return NOTHING


class InARow:
    """Counts how often in a row something held.

    Example:
        >>> held = InARow()
        >>> [held.count(sign) for sign in (True, True, False, True)]
        [1, 2, 0, 1]
    """

    def __init__(self) -> None:
        self._times = 0

    def count(self, holds: bool) -> int:
        """Takes in whether it holds now, and returns for how many times in a row it has."""
        self._times = self._times + 1 if holds else 0
        return self._times
