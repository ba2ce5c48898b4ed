"""Time and compute that go elsewhere than into learning."""

from __future__ import annotations

import math
from statistics import median
from typing import ClassVar

from verbose_logging.entries import EvaluationComplete, TrainingStepComplete
from verbose_logging.formatting import percent, short_duration
from verbose_logging.protocols import Condition, FindingKind
from verbose_logging.rules.base import NOT_FIRING, NOTHING, BaseRule, Verdicts
from verbose_logging.rules.context import reading
from verbose_logging.rules.parameters import Count, NotNegative, Percent
from verbose_logging.windows import ShareWindow


class DataStarvation(BaseRule):
    """The device waits for data: more than a fifth of the time of 20 steps.

    Args:
        above_percent: Limit of the wait's share of the steps' time.
        steps: The steps that are looked at.
        at_least_seconds: A median wait below this is not worth a word, whatever its share.
    """

    name = "data_starvation"
    kind: ClassVar[FindingKind] = "performance_anomaly"
    explains: ClassVar[frozenset[str]] = frozenset({"slow_steps"})

    def __init__(
        self, *, above_percent: Percent = 20.0, steps: Count = 20, at_least_seconds: NotNegative = 0.01
    ) -> None:
        self._above = above_percent
        self._steps = steps
        self._at_least_seconds = at_least_seconds
        super().__init__()

    def begin(self) -> None:
        """Forgets the run before."""
        self._recent = ShareWindow(self._steps, self._above / 100)

    def at_step(self, entry: TrainingStepComplete) -> Verdicts:
        """Returns whether the last steps waited too long, where their phases are known."""
        wait = entry.timing.get("phases", {}).get("data_wait_seconds")
        seconds = entry.timing.get("step_time_seconds")
        if wait is None or not seconds:
            return NOTHING
        may_be_above = self._recent.add(wait, seconds)
        if not self._recent.is_full:
            return NOTHING
        return self._judge(entry) if may_be_above else NOT_FIRING

    def _judge(self, entry: TrainingStepComplete) -> Verdicts:
        waited, took = self._recent.sums
        share, usual = 100 * waited / took, median(self._recent.parts)
        if share <= self._above or usual < self._at_least_seconds:
            return NOT_FIRING
        lost = usual * self.run.total_steps if self.run.total_steps else None
        return (
            Condition(
                firing=True,
                verdict=f"Each step waits {short_duration(usual)} for its data, {percent(share, 0)} of its time"
                + (f"; {short_duration(lost)} over the whole run" if lost else ""),
                evidence={"step": entry.step, "data_wait_percent": share, "median_data_wait_seconds": usual}
                | {"steps": self._steps, "limit_percent": self._above},
                suggestion=self._suggestion(),
            ),
        )

    def _suggestion(self) -> str:
        workers = int(self.run.number("dataloader_num_workers") or 0)
        more = f"dataloader_num_workers={max(2, 2 * workers)} instead of {workers}"
        return f"{more}; tokenise once with map() and save the result instead of preparing samples while training."


class EvaluationDominates(BaseRule):
    """Evaluations take more time than is left to training: more than 40% of the run so far.

    Args:
        above_percent: Limit of the evaluations' share of the time since training began.
        at_least_seconds: Less than this in all is not worth a word.
    """

    name = "evaluation_dominates"
    kind: ClassVar[FindingKind] = "performance_anomaly"

    def __init__(self, *, above_percent: Percent = 40.0, at_least_seconds: NotNegative = 30.0) -> None:
        self._above = above_percent
        self._at_least_seconds = at_least_seconds
        super().__init__()

    def begin(self) -> None:
        """Forgets the run before."""
        self._evaluations = 0
        self._spent = 0.0

    def at_evaluation(self, entry: EvaluationComplete) -> Verdicts:
        """Counts the evaluation's time; the next step's clock tells its share."""
        if entry.duration_seconds is not None:
            self._evaluations += 1
            self._spent += entry.duration_seconds
        return NOTHING

    def at_step(self, entry: TrainingStepComplete) -> Verdicts:
        """Returns whether evaluations have taken too much so far, once two are known."""
        minutes = entry.timing.get("total_elapsed_minutes")
        if self._evaluations < 2 or not minutes or self._spent < self._at_least_seconds:  # noqa: PLR2004
            return NOTHING
        share = 100 * self._spent / (60 * minutes)
        if self.is_quiet(share > self._above):
            return NOTHING
        return (
            Condition(
                firing=share > self._above,
                verdict=f"Evaluations took {percent(share, 0)} of the run so far: "
                f"{short_duration(self._spent)} in {self._evaluations} evaluations",
                evidence={
                    "step": entry.step,
                    "evaluation_percent": share,
                    "evaluations": self._evaluations,
                    "evaluation_seconds": self._spent,
                    "limit_percent": self._above,
                },
                suggestion=self._suggestion(share),
            ),
        )

    def _suggestion(self, share: float) -> str:
        every = self.run.number("eval_steps")
        factor = math.ceil(share * (100 - 10) / (10 * max(1.0, 100 - share)))  # to a tenth of the time
        rarer = f"eval_steps={every * factor:.0f} instead of {every:.0f}" if every and every >= 1 else "fewer of them"
        return f"{rarer}, or a tenth of the evaluation set (eval_dataset.select(range(...))), or a larger batch."


class PaddingWaste(BaseRule):
    """More than half of the positions that the device works on are padding, over 20 steps.

    Args:
        above_percent: Limit of the padding's share of all positions.
        steps: The steps that are looked at.
    """

    name = "padding_waste"
    kind: ClassVar[FindingKind] = "performance_anomaly"

    def __init__(self, *, above_percent: Percent = 50.0, steps: Count = 20) -> None:
        self._above = above_percent
        self._steps = steps
        super().__init__()

    def begin(self) -> None:
        """Forgets the run before."""
        self._recent = ShareWindow(self._steps, self._above / 100)

    def at_step(self, entry: TrainingStepComplete) -> Verdicts:
        """Returns whether the last steps were mostly padding, where tokens are counted."""
        padded, real = reading(entry, "padded_tokens"), reading(entry, "real_tokens")
        if not padded or real is None:
            return NOTHING
        may_be_above = self._recent.add(padded - real, padded)
        if not self._recent.is_full:
            return NOTHING
        firing = may_be_above and self._share > self._above
        return NOTHING if self.is_quiet(firing) else (self._condition(entry, firing),)

    @property
    def _share(self) -> float:
        padding, positions = self._recent.sums
        return 100 * (1 - (positions - padding) / positions)

    def _condition(self, entry: TrainingStepComplete, firing: bool) -> Condition:
        padding, positions = self._recent.sums
        return Condition(
            firing=firing,
            verdict=f"{percent(self._share, 0)} of what the device computes is padding, over {self._steps} steps",
            evidence={"step": entry.step, "padding_percent": self._share, "steps": self._steps}
            | {"real_tokens": positions - padding, "padded_tokens": positions, "limit_percent": self._above},
            suggestion="packing=True (SFT), batches of samples of like length "
            '(train_sampling_strategy="group_by_length", group_by_length=True before transformers 5), or padding '
            'to the longest of the batch instead of padding="max_length".',
        )
