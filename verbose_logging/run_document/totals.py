"""The summary of a run document, kept up to date row by row."""

from __future__ import annotations

from typing import Any

from verbose_logging.run_document.rows import UNKNOWN_MFU, EvaluationRow, StepRow


class Totals:
    """Counts, means and bests over the rows so far.

    Attributes:
        final_iter: The last row's step; -1 before the first.
        latest: The last row.
    """

    def __init__(self) -> None:
        self.final_iter = -1
        self.latest: StepRow | None = None
        self._count = 0
        self._final_loss: float | None = None
        self._milliseconds = self._mfu = 0.0
        self._timed = self._rated = 0
        self._metric: str | None = None
        self._best: float | None = None

    def add_step(self, row: StepRow) -> None:
        """Takes in a step."""
        self._count += 1
        self.final_iter = row.iter
        self.latest = row
        if row.loss is not None or "loss" in (row.nonfinite or {}):
            self._final_loss = row.loss
        if row.time_ms is not None:
            self._milliseconds += row.time_ms
            self._timed += 1
        if row.mfu != UNKNOWN_MFU:
            self._mfu += row.mfu
            self._rated += 1

    def add_evaluation(self, row: EvaluationRow) -> None:
        """Takes in an evaluation; where several sets are evaluated, the best loss is that of the first set."""
        if row.val_loss is None:
            return
        metric = row.metric or "eval_loss"
        self._metric = self._metric or metric
        if metric == self._metric and (self._best is None or row.val_loss < self._best):
            self._best = row.val_loss

    def summary(self) -> dict[str, Any]:
        """Returns the figures; `None` where there is none, and -100.0 for an MFU that is not known."""
        return {
            "total_iterations": self._count,
            "final_iter": self.final_iter if self._count else None,
            "final_train_loss": self._final_loss,
            "best_val_loss": self._best,
            "avg_time_ms": round(self._milliseconds / self._timed, 3) if self._timed else None,
            "avg_mfu": round(self._mfu / self._rated, 4) if self._rated else UNKNOWN_MFU,
        }
