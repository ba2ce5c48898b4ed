"""The figures by which runs are compared: each with its unit and the direction that is better."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from verbose_logging.protocols import MetricSpec
from verbose_logging.reading.fields import number_at
from verbose_logging.reading.runs.run import Run
from verbose_logging.reading.summary.metrics import best_evaluation_loss

UNKNOWN = math.nan


class Figure(NamedTuple):
    """One figure of a run.

    Args:
        spec: What it is.
        of: Returns it for a run, `nan` where it is not known.
    """

    spec: MetricSpec
    of: Callable[[Run], float]


def final_loss(run: Run) -> float:
    """Returns the loss of the last step that has one, `nan` where that was no number."""
    if mark := run.summary.get("last_loss_nonfinite"):
        return float(mark)
    known = [loss for loss in run.steps["loss"] if loss is not None]
    return known[-1] if known else _of_summary("last_loss")(run)


def best_validation_loss(run: Run) -> float:
    """Returns the lowest evaluation loss; of several sets, that of the first."""
    return _number(best_evaluation_loss(run.summary))


def mean_time(run: Run) -> float:
    """Returns the mean step time in milliseconds, over all steps."""
    mean = _mean(run.steps["step_time_seconds"])
    return 1000 * (_of_summary("mean_step_time_seconds")(run) if math.isnan(mean) else mean)


def median_time(run: Run) -> float:
    """Returns the median step time in milliseconds."""
    times = [seconds for seconds in run.steps["step_time_seconds"] if seconds is not None]
    return 1000 * statistics.median(times) if times else 1000 * _of_summary("median_step_time_seconds")(run)


def step_count(run: Run) -> int:
    """Returns how many steps the file holds; at the lowest level, where it holds none, how many were done."""
    return len(run.steps) or int(number_at(run.summary, "steps_done") or 0)


def mean_mfu(run: Run) -> float:
    """Returns the mean model FLOPs utilisation in percent."""
    return _mean(run.steps["mfu_percent"])


def _of_summary(*keys: str) -> Callable[[Run], float]:
    return lambda run: _number(number_at(run.summary, *keys))


def _mean(values: Iterable[float | None]) -> float:
    numbers = [value for value in values if value is not None and math.isfinite(value)]
    return math.fsum(numbers) / len(numbers) if numbers else UNKNOWN


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else UNKNOWN


FIGURES = (
    Figure(MetricSpec("final_loss", "", "Loss of the last step.", "lower"), final_loss),
    Figure(MetricSpec("best_loss", "", "Lowest loss of a step.", "lower"), _of_summary("best_loss")),
    Figure(MetricSpec("best_val_loss", "", "Lowest evaluation loss.", "lower"), best_validation_loss),
    Figure(MetricSpec("avg_time_ms", "ms", "Mean step time.", "lower"), mean_time),
    Figure(MetricSpec("median_time_ms", "ms", "Median step time.", "lower"), median_time),
    Figure(MetricSpec("avg_mfu", "%", "Mean model FLOPs utilisation.", "higher"), mean_mfu),
    Figure(
        MetricSpec("tokens_per_second", "1/s", "Last known token rate of one rank.", "higher"),
        _of_summary("tokens_per_second"),
    ),
    Figure(
        MetricSpec("duration_seconds", "s", "From the first entry to the last.", "lower"),
        _of_summary("duration_seconds"),
    ),
    Figure(
        MetricSpec("memory_peak_percent", "%", "Highest use of the machine's memory.", "lower"),
        _of_summary("peaks", "memory_usage_peak"),
    ),
    Figure(MetricSpec("total_iterations", "", "Steps in the file."), lambda run: float(step_count(run))),
)
