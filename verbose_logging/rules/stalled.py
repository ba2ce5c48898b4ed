"""Training that has come to a halt without an end: it waits for something that does not come."""

from __future__ import annotations

from pathlib import PurePath
from typing import ClassVar

from verbose_logging.entries import Heartbeat, TrainingStepComplete
from verbose_logging.formatting import short_duration
from verbose_logging.protocols import Condition, FindingKind
from verbose_logging.rules.base import NOT_FIRING, NOTHING, BaseRule, Verdicts
from verbose_logging.rules.parameters import NotNegative
from verbose_logging.windows import Window

_STEPS = 50
_ENOUGH_STEPS = 3
# Where a thread may well stand for minutes: saving, evaluating, generating, compiling.
_BUSY = (
    " _save_checkpoint",
    " save_model",
    " evaluate",
    " evaluation_loop",
    " predict",
    " generate",
    "/torch/_dynamo/",
    "/torch/_inductor/",
)


class Stalled(BaseRule):
    """No sign of life from training for many times as long as a step takes.

    Args:
        times: Limit in usual step times, the median of the last 50.
        at_least_seconds: Limit where steps are short.
        busy_seconds: Limit while a checkpoint is saved, an evaluation runs, the model is compiled, or no step is known.
    """

    name = "stalled"
    kind: ClassVar[FindingKind] = "performance_anomaly"

    def __init__(
        self, *, times: NotNegative = 10.0, at_least_seconds: NotNegative = 60.0, busy_seconds: NotNegative = 1800.0
    ) -> None:
        self._times = times
        self._at_least_seconds = at_least_seconds
        self._busy_seconds = busy_seconds
        super().__init__()

    def begin(self) -> None:
        """Forgets the run before."""
        self._step_seconds = Window(_STEPS)

    def at_step(self, entry: TrainingStepComplete) -> Verdicts:
        """Returns that training goes on."""
        seconds = entry.timing.get("step_time_seconds")
        if seconds is not None:
            self._step_seconds.add(seconds)
        return NOT_FIRING

    def at_heartbeat(self, entry: Heartbeat) -> Verdicts:
        """Returns whether training has stopped."""
        if entry.quiet_seconds is None:
            return NOTHING
        return (self._condition(entry.quiet_seconds, entry.stack or []),)

    def _condition(self, quiet_seconds: float, stack: list[str]) -> Condition:
        usual = self._step_seconds.median if len(self._step_seconds) >= _ENOUGH_STEPS else None
        limit = self._limit(usual, stack)
        verdict = f"No sign of life from training for {short_duration(quiet_seconds)}"
        if usual is not None:
            verdict += f"; a step usually takes {short_duration(usual)}"
        if stack:
            verdict += f"; it stands in {_place(stack[-1])}"
        evidence = {"quiet_seconds": quiet_seconds, "limit_seconds": limit, "stack": stack}
        return Condition(
            firing=quiet_seconds > limit,
            verdict=verdict,
            evidence=evidence if usual is None else {**evidence, "usual_step_seconds": usual},
            suggestion=_suggestion(stack),
        )

    def _limit(self, usual: float | None, stack: list[str]) -> float:
        is_busy = any(mark in call for call in stack for mark in _BUSY)
        if usual is None or is_busy:
            return self._busy_seconds
        return max(self._times * usual, self._at_least_seconds)


def _place(call: str) -> str:
    path, _, function = call.rpartition(" ")
    return f"{function} ({PurePath(path).name})"


def _suggestion(stack: list[str]) -> str:
    calls = "\n".join(stack)
    if "/utils/data/dataloader.py" in calls:
        return (
            "The data loader gives nothing: look at its workers, the storage behind it, and dataloader_num_workers=0."
        )
    if "/torch/distributed/" in calls or "/accelerate/" in calls:
        return "Another rank may be gone or behind: compare the ranks' logs, and set NCCL_DEBUG=INFO."
    return "evidence.stack is where the training thread stands; `py-spy dump --pid PID` shows all threads."
