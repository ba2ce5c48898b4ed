"""What a run measured: losses, step times, rates, evaluations."""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Mapping
from typing import Any

from verbose_logging.reading.fields import count_at, group_at, known, number_at, numbers_in
from verbose_logging.reading.summary.course import OUTCOMES

_RECENT_STEP_TIMES = 10_000


class Losses:
    """The training loss: first, last, best. At the lowest level these are the values of the progress reports."""

    def __init__(self) -> None:
        self._first: float | None = None
        self._last: float | None = None
        self._best: float | None = None
        self._best_step: int | None = None
        self._nonfinite = 0

    def take(self, kind: str, entry: Mapping[str, Any]) -> None:
        """Takes in an entry."""
        if kind in {"training_step_complete", "progress_report"}:
            self._nonfinite += kind == "training_step_complete" and "metrics.loss" in group_at(entry, "nonfinite")
            self._note(_honest_loss(entry), count_at(entry, "step"))
        elif kind in OUTCOMES:
            self._note(number_at(entry, "statistics", "best_loss"), None)
            self._note(number_at(entry, "statistics", "final_loss"), None)

    def _note(self, loss: float | None, step: int | None) -> None:
        if loss is None:
            return
        self._first = loss if self._first is None else self._first
        self._last = loss
        if self._best is None or loss < self._best:
            self._best, self._best_step = loss, step

    def result(self) -> dict[str, Any]:
        """Returns the losses, and how many steps had none that is finite."""
        return {
            "first_loss": self._first,
            "last_loss": self._last,
            "best_loss": self._best,
            "best_loss_step": self._best_step,
            "nonfinite_loss_steps": self._nonfinite or None,
        }


def _honest_loss(entry: Mapping[str, Any]) -> float | None:
    """Returns the step's loss, unless it is the 0.0 that the Trainer logs in place of a NaN."""
    loss = number_at(entry, "metrics", "loss")
    stands_for_nan = loss == 0 and "metrics.grad_norm" in group_at(entry, "nonfinite")
    return None if stands_for_nan else loss


class StepTimes:
    """How long a step takes; the median is that of the last 10,000 steps."""

    def __init__(self) -> None:
        self._total = 0.0
        self._count = 0
        self._recent: deque[float] = deque(maxlen=_RECENT_STEP_TIMES)
        self._stated: dict[str, float] = {}

    def take(self, kind: str, entry: Mapping[str, Any]) -> None:
        """Takes in an entry."""
        if kind in OUTCOMES:
            self._stated = numbers_in(group_at(entry, "statistics"))
        elif kind == "training_step_complete":
            seconds = number_at(entry, "timing", "step_time_seconds")
            if seconds is not None:
                self._total += seconds
                self._count += 1
                self._recent.append(seconds)

    def result(self) -> dict[str, Any]:
        """Returns mean and median, the run's own where it has stated them."""
        mean = self._total / self._count if self._count else None
        median = statistics.median(self._recent) if self._recent else None
        return {
            "mean_step_time_seconds": self._stated.get("avg_step_time_seconds", mean),
            "median_step_time_seconds": self._stated.get("median_step_time_seconds", median),
        }


class Rates:
    """How fast the run is: the last known token rate, FLOP rate and MFU."""

    def __init__(self) -> None:
        self._result: dict[str, Any] = {}

    def take(self, kind: str, entry: Mapping[str, Any]) -> None:
        """Takes in an entry."""
        if kind == "training_initialization":
            self._result |= known(peak_flops=number_at(entry, "mfu_receipt", "peak_flops"))
        elif kind in {"training_step_complete", "progress_report"}:
            self._result |= known(
                tokens_per_second=number_at(entry, "timing", "tokens_per_second"),
                tflops_per_second=number_at(entry, "metrics", "tflops_per_second"),
                mfu_percent=number_at(entry, "metrics", "mfu_percent"),
            )

    def result(self) -> dict[str, Any]:
        """Returns the rates, and the FLOP/s of one device that MFU rests on."""
        return dict(self._result)


class Evaluations:
    """The last evaluation, and the lowest loss: `eval_loss`, and the loss of each set where there are several."""

    def __init__(self) -> None:
        self._count = 0
        self._last: dict[str, Any] | None = None
        self._losses: dict[str, dict[str, Any]] = {}

    def take(self, kind: str, entry: Mapping[str, Any]) -> None:
        """Takes in an entry."""
        if kind != "evaluation_complete":
            return
        step, metrics = count_at(entry, "step"), numbers_in(group_at(entry, "metrics"))
        self._count += 1
        self._last = {"step": step, "metrics": metrics}
        for name, loss in metrics.items():
            if name.endswith("_loss"):
                self._note(name, loss, step)

    def _note(self, name: str, loss: float, step: int | None) -> None:
        before = self._losses.get(name)
        if before is None or loss < before["best"]:
            self._losses[name] = {"last": loss, "best": loss} | known(best_step=step)
        else:
            before["last"] = loss

    def result(self) -> dict[str, Any]:
        """Returns the evaluations in brief; `evaluation_losses` by metric where one is not called `eval_loss`."""
        plain = self._losses.get("eval_loss", {})
        return {
            "evaluations": self._count,
            "last_evaluation": self._last,
            "best_eval_loss": plain.get("best"),
            "best_eval_step": plain.get("best_step"),
            "evaluation_losses": self._losses if self._losses.keys() - {"eval_loss"} else None,
        }
