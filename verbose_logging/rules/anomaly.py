"""Steps that take far longer than this run's usual step: now and then, or from now on."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from statistics import median
from typing import ClassVar

from verbose_logging.entries import EvaluationComplete, ModelCheckpointSave, TrainingStepComplete
from verbose_logging.formatting import short_duration
from verbose_logging.protocols import Condition, FindingKind
from verbose_logging.rules.base import NOT_FIRING, NOTHING, BaseRule, Verdicts
from verbose_logging.rules.context import reading
from verbose_logging.rules.parameters import Count, NotNegative, Times
from verbose_logging.windows import MedianWindow

_ENOUGH = 10
_FIRST_STEPS = 3  # compilation and caches
_REFERENCE_STEPS = 30
_RECENT_STEPS = 20
_CHECK_EVERY = 10  # steps
_NOTICEABLE_SECONDS = 0.1  # lost in a row; a shared machine takes less than that in a stutter
_LASTING_SECONDS = 0.5  # lost since the pace went down
_PACE = "pace"
_PACE_KEPT = (Condition(firing=False, subject=_PACE),)
_CAUSES = {
    "data_wait_seconds": "waiting for data: more dataloader workers, or samples that are prepared beforehand",
    "forward_backward_seconds": "the forward and backward pass: longer samples, a device that throttles or is shared, "
    "or something that grows in the model's code",
    "optimizer_seconds": "the optimizer's step: state that was moved to the CPU, or swapped memory",
    "other_seconds": "what runs between steps: callbacks, logging, garbage collection",
}


class SlowSteps(BaseRule):
    """A step takes a multiple of the usual time, repeatedly or with a second lost; or all steps have become slower.

    Shared machines stutter: a single step of 30 ms instead of 10 ms says nothing about the run.

    Args:
        times_median: Limit of a step as a multiple of the median of the last 50 steps.
        repeats: So many slow steps in a row count, however short, if they lose a tenth of a second together.
        at_least_seconds: A single slow step counts if it loses so much time.
        lasting: Limit of the median of 20 steps, as a multiple of that of the run's first ones.
    """

    name = "slow_steps"
    kind: ClassVar[FindingKind] = "performance_anomaly"

    def __init__(
        self,
        *,
        times_median: Times = 3.0,
        repeats: Count = 3,
        at_least_seconds: NotNegative = 1.0,
        lasting: Times = 1.5,
    ) -> None:
        self._times_median = times_median
        self._repeats = repeats
        self._at_least_seconds = at_least_seconds
        self._lasting = lasting
        super().__init__()

    def begin(self) -> None:
        """Forgets the run before."""
        self._usual = MedianWindow(50)
        self._in_a_row = 0
        self._lost_in_a_row = 0.0
        self._pace = _Pace()
        self._lost = 0.0
        self._event: tuple[str, int] | None = None

    def at_evaluation(self, entry: EvaluationComplete) -> Verdicts:
        """Notes it: the step after it is often slow."""
        self._event = ("an evaluation", entry.step)
        return NOTHING

    def at_checkpoint(self, entry: ModelCheckpointSave) -> Verdicts:
        """Notes it, for the same reason."""
        self._event = ("a checkpoint", entry.step)
        return NOTHING

    def at_step(self, entry: TrainingStepComplete) -> Verdicts:
        """Returns whether the step was slow, once ten have shown what is usual, and whether all have become so."""
        step_time = entry.timing.get("step_time_seconds")
        if step_time is None:
            return NOTHING
        usual = self._usual.median
        self._usual.add(step_time)
        lasting = self._judge_pace(entry) if self._pace.add(entry) else NOTHING
        if usual is None or len(self._usual) <= _ENOUGH:
            return lasting
        if step_time <= self._times_median * usual:  # nearly always
            self._in_a_row = 0
            self._lost_in_a_row = 0.0
            return NOT_FIRING + lasting if lasting else NOT_FIRING
        return (*self._judge_slow(entry, step_time, usual), *lasting)

    def _judge_slow(self, entry: TrainingStepComplete, step_time: float, usual: float) -> tuple[Condition, ...]:
        self._in_a_row += 1
        self._lost_in_a_row += step_time - usual
        repeated = self._in_a_row >= self._repeats and self._lost_in_a_row >= _NOTICEABLE_SECONDS
        counts = repeated or step_time - usual >= self._at_least_seconds
        return (self._found(entry, step_time, usual),) if counts else NOT_FIRING

    def _found(self, entry: TrainingStepComplete, step_time: float, usual: float) -> Condition:
        times = f", {step_time / usual:.1f}x the usual {short_duration(usual)}" if usual > 0 else ""
        after = self._event[0] if self._event is not None and self._event[1] == entry.step - 1 else None
        phases = entry.timing.get("phases", {})
        longest = max(phases, key=phases.__getitem__, default="")
        return Condition(
            firing=True,
            verdict=f"Step {entry.step} took {short_duration(step_time)}{times}"
            + (f", right after {after}" * bool(after)),
            evidence={
                "step_time_seconds": step_time,
                "median_step_time_seconds": usual,
                "limit_seconds": self._times_median * usual,
                "slow_steps_in_a_row": self._in_a_row,
                "phases": phases,
            },
            suggestion=f"Most of it went into {_CAUSES[longest]}."
            if longest in _CAUSES
            else "Compare timing.phases with those of the steps before.",
        )

    def _judge_pace(self, entry: TrainingStepComplete) -> tuple[Condition, ...]:
        """Returns whether the pace is lost for good, beyond what larger batches explain."""
        before, now = self._pace.before, self._pace.now
        times = now / before if before > 0 else 1.0
        slower = times > self._lasting and times > self._lasting * max(1.0, self._pace.times_tokens)
        self._lost = self._lost + _CHECK_EVERY * (now - before) if slower else 0.0
        if self._lost < _LASTING_SECONDS:
            return _PACE_KEPT
        phase = self._pace.grown_phase
        return (
            Condition(
                firing=True,
                subject=_PACE,
                verdict=f"Steps have become {times:.1f}x slower: {short_duration(now)} at step {entry.step}, "
                f"{short_duration(before)} at the start",
                evidence={
                    "step": entry.step,
                    "median_step_time_seconds": now,
                    "first_step_time_seconds": before,
                    "grown_phase": phase,
                    "times_tokens": self._pace.times_tokens,
                },
                suggestion=f"It is {_CAUSES[phase]}."
                if phase in _CAUSES
                else "Compare timing.phases with those of the first steps.",
            ),
        )


class _Pace:
    """The run's first steps and its last, compared every ten steps.

    Attributes:
        before: Median time of the first steps, in seconds.
        now: Median time of the last ones.
    """

    def __init__(self) -> None:
        self.before = self.now = 0.0
        self._first: list[TrainingStepComplete] = []
        self._recent: deque[TrainingStepComplete] = deque(maxlen=_RECENT_STEPS)
        self._count = -_FIRST_STEPS - _REFERENCE_STEPS

    def add(self, step: TrainingStepComplete) -> bool:
        """Takes in a step whose time is known, and returns whether the comparison is due with it."""
        self._count += 1
        if self._count <= 0:
            if self._count > -_REFERENCE_STEPS:
                self._first.append(step)
            return False
        self._recent.append(step)
        if self._count % _CHECK_EVERY or self._count < _RECENT_STEPS:
            return False
        self.before = self.before or median(map(_seconds, self._first))
        self.now = median(map(_seconds, self._recent))
        return True

    @property
    def times_tokens(self) -> float:
        """How many times as many tokens a step has now; 1 where they are not counted."""
        before, now = _tokens(self._first), _tokens(self._recent)
        return median(now) / median(before) if all(before) and all(now) else 1.0

    @property
    def grown_phase(self) -> str:
        """The phase that has grown most, "" where none has."""
        grown = {phase: _usual(self._recent, phase) - _usual(self._first, phase) for phase in _CAUSES}
        largest = max(grown, key=grown.__getitem__)
        return largest if grown[largest] > 0 else ""


def _seconds(step: TrainingStepComplete) -> float:
    return step.timing["step_time_seconds"]  # type: ignore[no-any-return]


def _tokens(steps: Iterable[TrainingStepComplete]) -> list[float]:
    return [reading(step, "padded_tokens") or 0.0 for step in steps]


def _usual(steps: Iterable[TrainingStepComplete], phase: str) -> float:
    """Returns the median time that steps spend in a phase."""
    seconds: list[float] = [step.timing.get("phases", {}).get(phase, 0.0) for step in steps]
    return median(seconds)
