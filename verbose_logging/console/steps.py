"""A line per step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from verbose_logging.console.figures import metric, number
from verbose_logging.console.output import Output, told
from verbose_logging.console.run_view import RunView
from verbose_logging.entries import EntryBase, ProgressReport, TrainingStepComplete
from verbose_logging.formatting import UNKNOWN, decimal, rate, scientific


class Steps:
    """`Epoch 1/3 | Step 1/150 | loss=10.2313 | ...`; at a level without steps, one for each progress report."""

    paced: ClassVar[bool] = True

    def outputs(self, entry: EntryBase, run: RunView) -> Iterator[Output]:
        """Yields a step's line."""
        if isinstance(entry, TrainingStepComplete) or (
            isinstance(entry, ProgressReport) and entry.step != run.newest_step
        ):
            yield told(entry, step_line(entry, run))


def step_line(entry: TrainingStepComplete | ProgressReport, run: RunView) -> str:
    """Returns a step as one line; what is not known is `-`."""
    parts = (
        place(entry, run),
        f"loss={metric(entry, 'loss', decimal)}",
        f"avg_loss={metric(entry, 'avg_loss', decimal)}",
        f"lr={metric(entry, 'learning_rate', scientific)}",
        f"grad_norm={metric(entry, 'grad_norm', decimal)}",
        f"steps/s={rate(number(entry.timing.get('steps_per_second')))}",
    )
    return f"✅ {' | '.join(parts)}"


def place(entry: EntryBase, run: RunView) -> str:
    """Returns where in the run an entry stands."""
    return f"Epoch {entry.epoch}/{run.total_epochs or UNKNOWN} | Step {entry.step}/{run.total_steps or UNKNOWN}"
