"""How long a step takes, and where its time goes."""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Collection, Mapping

from verbose_logging.facts import EpochBegin, StepEnd, TrainBegin
from verbose_logging.hearing import hears
from verbose_logging.meters.base import BaseMeter, known
from verbose_logging.meters.ledger import Ledger
from verbose_logging.meters.rates import RecentSteps
from verbose_logging.protocols import Measured, MetricSpec, Numbers
from verbose_logging.windows import Window, deviation

_RECENT_STEPS = 10
_STEPS_KEPT = 100_000  # an epoch of a stream may have no end


class TimingMeter(BaseMeter):
    """Step times, their recent statistics, the step rate, and the phases of the step.

    A step's time runs from the end of the step before to its own end, without start-up, evaluation and checkpoints.

    Args:
        ledger: Splits the time; observed before this meter.
        recent: The steps that count for rates; observed before this meter.
    """

    group = "timing"
    specs = (
        MetricSpec(
            "step_time_seconds", "s", "Wall time of the step, data wait included, evaluation left out.", "lower"
        ),
        MetricSpec("avg_step_time_seconds", "s", "Mean of the last 10 step times.", "lower"),
        MetricSpec("median_step_time_seconds", "s", "Median of the last 10 step times.", "lower"),
        MetricSpec("std_step_time_seconds", "s", "Sample standard deviation of the last 10 step times.", "lower"),
        MetricSpec("p95_step_time_seconds", "s", "95th percentile of all step times of the session.", "lower"),
        MetricSpec("steps_per_second", "1/s", "Step rate over the last 100 steps.", "higher"),
        MetricSpec("total_elapsed_minutes", "min", "Wall time since training began in this session."),
        MetricSpec("phases", "s", "The step's time by phase; the phases sum to step_time_seconds."),
    )

    def __init__(self, ledger: Ledger, recent: RecentSteps) -> None:
        self._ledger = ledger
        self._recent_steps = recent
        self._clear()

    def _clear(self) -> None:
        self._recent = Window(_RECENT_STEPS)
        self._elapsed_seconds = 0.0
        self._epoch: deque[float] = deque(maxlen=_STEPS_KEPT)
        self._all: deque[float] = deque(maxlen=_STEPS_KEPT)

    @hears(TrainBegin)
    def _begin(self, _: TrainBegin) -> None:
        self._clear()

    @hears(EpochBegin)
    def _begin_epoch(self, _: EpochBegin) -> None:
        self._epoch.clear()

    @hears(StepEnd)
    def _end_step(self, _: StepEnd) -> None:
        self._elapsed_seconds = self._ledger.total_seconds
        step_time = self._ledger.step_time_seconds
        if step_time is not None:
            self._recent.add(step_time)
            self._epoch.append(step_time)
            self._all.append(step_time)

    def at_step(self) -> Numbers:
        """Returns the step's own time, the statistics of the last ten, the rate and the phases."""
        recent = self._recent
        return known(
            step_time_seconds=self._ledger.step_time_seconds,
            avg_step_time_seconds=recent.mean,
            median_step_time_seconds=recent.median,
            std_step_time_seconds=recent.std,
            steps_per_second=self._recent_steps.rate,
            total_elapsed_minutes=self._elapsed_seconds / 60,
            phases=_phases(self._ledger.step_parts),
        )

    def at_epoch(self) -> Numbers:
        """Returns the statistics of the epoch's step times (of its last 100,000, should it have more)."""
        return _statistics(self._epoch)

    def at_end(self) -> Numbers:
        """Returns the statistics of the session's step times (of its last 100,000, should it have more)."""
        return _statistics(self._all) | known(steps_per_second=self._recent_steps.rate)


def _phases(parts: Mapping[str, float] | None) -> dict[str, float] | None:
    """Returns the step's phases; a plain loop's step has none."""
    if parts is None or parts["training"]:
        return None
    return {
        "data_wait_seconds": parts["data_wait"],
        "forward_backward_seconds": parts["forward_backward"],
        "optimizer_seconds": parts["optimizer"],
        "other_seconds": parts["logging"] + parts["other"],
    }


def _statistics(step_times: Collection[float]) -> dict[str, Measured]:
    if not step_times:
        return {}
    ordered = sorted(step_times)
    return known(
        avg_step_time_seconds=statistics.fmean(ordered),
        median_step_time_seconds=statistics.median(ordered),
        p95_step_time_seconds=ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))],
        std_step_time_seconds=deviation(ordered),
    )
