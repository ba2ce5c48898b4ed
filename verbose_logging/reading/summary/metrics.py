"""What a run measured: losses, step times, rates, evaluations."""

from __future__ import annotations

import math
import statistics
from collections import deque
from collections.abc import Mapping
from typing import Any

from verbose_logging.reading.fields import count_at, group_at, known, number_at, numbers_in, text_at
from verbose_logging.reading.files.step_lines import StepBlock, StepLine, step_line
from verbose_logging.reading.summary.part import Part
from verbose_logging.run_document import OUTCOMES

_RECENT_STEP_TIMES = 10_000
_OF_TRAINING = frozenset({"train_loss", "eval_train_loss"})


def best_evaluation_loss(summary: Mapping[str, Any]) -> float | None:
    """Returns the lowest evaluation loss of a summary; of several sets, that of the first.

    Example:
        >>> best_evaluation_loss({"evaluation_losses": {"eval_fr_loss": {"last": 2.5, "best": 2.0}}})
        2.0
    """
    first: Mapping[str, Any] = next(iter((summary.get("evaluation_losses") or {}).values()), {})
    best: float | None = summary.get("best_eval_loss", first.get("best"))
    return best


class Losses(Part):
    """The training loss: first, last, best. At the lowest level these are the values of the progress reports."""

    def __init__(self) -> None:
        self._first: float | None = None
        self._last: float | None = None
        self._last_mark: str | None = None
        self._bests: list[tuple[float, int | None]] = []  # each better than the one before, so that the last is best
        self._nonfinite: list[int] = []

    def take(self, kind: str, entry: Mapping[str, Any]) -> None:
        """Takes in an entry."""
        if kind == "progress_report":
            self._note_row(step_line(entry))
        elif kind in OUTCOMES:
            self._note_best(number_at(entry, "statistics", "best_loss"), None)
            mark = text_at(group_at(entry, "nonfinite"), "statistics.final_loss")
            self._note(number_at(entry, "statistics", "final_loss"), None, mark)

    def take_steps(self, block: StepBlock) -> None:
        """Takes in steps."""
        losses = block.column("loss")
        if block.marked or None in losses:
            self._take_each(block)
            return
        best = min(losses)
        self._note(losses[0], block.rows[0].step)
        self._note(best, block.rows[losses.index(best)].step)
        self._note(losses[-1], block.rows[-1].step)

    def _take_each(self, block: StepBlock) -> None:
        for row in block.rows:
            self._note_row(row)
            if "metrics.loss" in (row.nonfinite or {}):
                self._nonfinite.append(row.step or 0)

    def go_back(self, step: int) -> None:
        """Forgets what is superseded."""
        self._bests = [(loss, at) for loss, at in self._bests if at is not None and at <= step]
        self._nonfinite = [at for at in self._nonfinite if at <= step]

    def _note_row(self, row: StepLine) -> None:
        """Notes a step's loss, unless it is the 0.0 that the Trainer logs in place of a NaN."""
        marks = row.nonfinite or {}
        if row.metrics.loss == 0 and "metrics.grad_norm" in marks:
            self._note(None, row.step, "NaN")
        else:
            self._note(row.metrics.loss, row.step, marks.get("metrics.loss"))

    def _note(self, loss: float | None, step: int | None, mark: str | None = None) -> None:
        """Notes a loss, or the mark of one that is not finite; neither is a step without a loss."""
        if loss is None:
            self._last_mark = mark or self._last_mark
            return
        self._first = loss if self._first is None else self._first
        self._last, self._last_mark = loss, None
        self._note_best(loss, step)

    def _note_best(self, loss: float | None, step: int | None) -> None:
        if loss is not None and (not self._bests or loss < self._bests[-1][0]):
            self._bests.append((loss, step))

    def result(self) -> dict[str, Any]:
        """Returns the losses that are finite, what the last one was if it is not, and how many steps had none."""
        best, best_step = self._bests[-1] if self._bests else (None, None)
        return {
            "first_loss": self._first,
            "last_loss": self._last,
            "last_loss_nonfinite": self._last_mark,
            "best_loss": best,
            "best_loss_step": best_step,
            "nonfinite_loss_steps": len(self._nonfinite) or None,
        }


class StepTimes(Part):
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

    def take_steps(self, block: StepBlock) -> None:
        """Takes in steps."""
        times = block.column("step_time_seconds")
        if None in times:
            times = [seconds for seconds in times if seconds is not None]
        self._total += sum(times)
        self._count += len(times)
        self._recent.extend(times)

    def result(self) -> dict[str, Any]:
        """Returns mean and median, the run's own where it has stated them."""
        mean = self._total / self._count if self._count else None
        median = statistics.median(self._recent) if self._recent else None
        return {
            "mean_step_time_seconds": self._stated.get("avg_step_time_seconds", mean),
            "median_step_time_seconds": self._stated.get("median_step_time_seconds", median),
        }


class Rates(Part):
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


class Evaluations(Part):
    """The last evaluation, and the lowest loss: `eval_loss`, and the loss of each set where there are several."""

    def __init__(self) -> None:
        self._all: list[dict[str, Any]] = []

    def take(self, kind: str, entry: Mapping[str, Any]) -> None:
        """Takes in an entry."""
        if kind != "evaluation_complete":
            return
        self._all.append({"step": count_at(entry, "step"), "metrics": numbers_in(group_at(entry, "metrics"))})

    def go_back(self, step: int) -> None:
        """Forgets what is superseded."""
        self._all = [found for found in self._all if (found["step"] or 0) <= step]

    def _losses(self) -> dict[str, dict[str, Any]]:
        """Returns the last and the lowest loss by metric."""
        losses: dict[str, dict[str, Any]] = {}
        for found in self._all:
            for name, loss in found["metrics"].items():
                if not name.endswith("_loss") or name in _OF_TRAINING:
                    continue
                row = losses.setdefault(name, {"last": loss})
                row["last"] = loss
                if loss < row.get("best", math.inf):
                    row |= {"best": loss} | known(best_step=found["step"])
        return losses

    def result(self) -> dict[str, Any]:
        """Returns the evaluations in brief; `evaluation_losses` by metric where one is not called `eval_loss`."""
        losses = self._losses()
        plain = losses.get("eval_loss", {})
        return {
            "evaluations": len(self._all),
            "last_evaluation": self._all[-1] if self._all else None,
            "best_eval_loss": plain.get("best"),
            "best_eval_step": plain.get("best_step"),
            "evaluation_losses": losses if losses.keys() - {"eval_loss"} else None,
        }
