"""The columns Step, Loss, Grad Norm and Learning Rate: a row for each step that the Trainer logs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import ClassVar, TypeGuard

from verbose_logging.console.figures import metric, number
from verbose_logging.console.output import Output, shown
from verbose_logging.console.run_view import RunView
from verbose_logging.entries import EntryBase, ProgressReport, TrainingStepComplete
from verbose_logging.formatting import decimal

HEADER_EVERY_ROWS = 50
_HEADER = ("Step    Loss      Grad Norm    Learning Rate", "-" * 48)
_WIDTHS = (8, 10, 13, 0)


class Table:
    """Rows in aligned columns under a header that comes back every 50 rows."""

    paced: ClassVar[bool] = True

    def __init__(self) -> None:
        self._rows = 0

    def outputs(self, entry: EntryBase, run: RunView) -> Iterator[Output]:
        """Yields a step's row, and the header above it where one is due."""
        if _has_row(entry, run):
            header = _HEADER if self._rows % HEADER_EVERY_ROWS == 0 else ()
            self._rows += 1
            yield shown(entry, *header, row(entry))


def row(entry: TrainingStepComplete | ProgressReport) -> str:
    """Returns a step as a row; what is not known is `-`."""
    cells = (
        str(entry.step),
        metric(entry, "loss", decimal),
        metric(entry, "grad_norm", lambda value: decimal(value, 3)),
        metric(entry, "learning_rate", lambda value: decimal(value, 7)),
    )
    return "".join(_padded(cell, width) for cell, width in zip(cells, _WIDTHS, strict=True))


def _has_row(entry: EntryBase, run: RunView) -> TypeGuard[TrainingStepComplete | ProgressReport]:
    if isinstance(entry, TrainingStepComplete):
        return _is_logged(entry.step, run)
    return isinstance(entry, ProgressReport) and entry.step != run.newest_step


def _padded(cell: str, width: int) -> str:
    return f"{cell:<{width - 1}} " if width else cell


def _is_logged(step: int, run: RunView) -> bool:
    """Returns whether the Trainer logs that step, as far as its arguments tell; else every step has a row."""
    every = number(run.training_args.get("logging_steps"))
    strategy = str(run.training_args.get("logging_strategy", "steps"))
    if every is None or every <= 0 or strategy.rpartition(".")[2].lower() != "steps":
        return True
    if every < 1:  # a share of the run
        every = math.ceil(every * (run.total_steps or 1))
    return step % int(every) == 0 or (step == 1 and bool(run.training_args.get("logging_first_step")))
