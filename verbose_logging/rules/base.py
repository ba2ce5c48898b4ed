"""What most rules share: the run that they judge, one method per moment, and few words where nothing is new."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar, TypeAlias

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
from verbose_logging.protocols import Condition, FindingKind, Rule
from verbose_logging.rules.context import RunContext

Verdicts: TypeAlias = Iterable[Condition]
Judge: TypeAlias = Callable[[Any], Verdicts]

NOTHING: tuple[Condition, ...] = ()
NOT_FIRING = (Condition(firing=False),)

_MOMENTS: dict[type[Entry], str] = {
    TrainingInitialization: "at_initialization",
    TrainingStart: "at_start",
    TrainingStepComplete: "at_step",
    EvaluationComplete: "at_evaluation",
    ModelCheckpointSave: "at_checkpoint",
    Heartbeat: "at_heartbeat",
}


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
        self._quiet: set[str] = set()
        self.begin()

    def judge(self, entry: Entry) -> Verdicts:
        """Returns what can be said after this entry."""
        self.run.observe(entry)
        judge = moment_of(self, type(entry))
        return NOTHING if judge is None else judge(entry)

    def is_quiet(self, firing: bool, subject: str = "") -> bool:
        """Returns whether there is nothing new to say: it does not fire, and that has been said with its evidence."""
        if firing:
            self._quiet.discard(subject)
            return False
        if subject in self._quiet:
            return True
        self._quiet.add(subject)
        return False

    def begin(self) -> None:
        """Forgets what an earlier training, or an earlier attempt at this one, has shown."""

    def at_initialization(self, entry: TrainingInitialization) -> Verdicts:
        """Returns what the description of the training tells."""
        return NOTHING

    def at_start(self, entry: TrainingStart) -> Verdicts:
        """Begins anew."""
        self.begin()
        return NOTHING

    def at_step(self, entry: TrainingStepComplete) -> Verdicts:
        """Returns what can be said after a step."""
        return NOTHING

    def at_evaluation(self, entry: EvaluationComplete) -> Verdicts:
        """Returns what can be said after an evaluation."""
        return NOTHING

    def at_checkpoint(self, entry: ModelCheckpointSave) -> Verdicts:
        """Returns what can be said after a checkpoint."""
        return NOTHING

    def at_heartbeat(self, entry: Heartbeat) -> Verdicts:
        """Returns what can be said when half a minute has gone by without an entry."""
        return NOTHING


_SILENT = {
    BaseRule.at_initialization,
    BaseRule.at_step,
    BaseRule.at_evaluation,
    BaseRule.at_checkpoint,
    BaseRule.at_heartbeat,
}


def judge_of(rule: Rule, kind: type[Entry]) -> Judge | None:
    """Returns what judges the entries of a type for a rule, `None` where it has nothing to say of them.

    For most rules that is a method of theirs for that moment, which expects `rule.run` to know of the entry already.
    """
    if getattr(type(rule), "judge", None) is BaseRule.judge:
        return moment_of(rule, kind)
    return rule.judge


def moment_of(rule: Any, kind: type[Entry]) -> Judge | None:
    """Returns a rule's own method for the entries of a type, `None` where it has none.

    Example:
        >>> class Whisper(BaseRule):
        ...     def at_step(self, entry):
        ...         return NOT_FIRING
        >>> moment_of(Whisper(), TrainingStepComplete) is None, moment_of(Whisper(), EvaluationComplete) is None
        (False, True)
    """
    name = _MOMENTS.get(kind)
    if name is None or getattr(type(rule), name) in _SILENT:
        return None
    judge: Judge = getattr(rule, name)
    return judge
