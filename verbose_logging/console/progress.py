"""A block for each share of the run: all that a person wants to see at that moment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import ClassVar, TypeAlias

from verbose_logging.console import progress_rows as rows
from verbose_logging.console.figures import number
from verbose_logging.console.output import Output, shown
from verbose_logging.console.run_view import RunView
from verbose_logging.entries import EntryBase, ProgressReport
from verbose_logging.formatting import percent_done, thousands

RULE = "=" * 80
Rows: TypeAlias = Callable[[ProgressReport], Iterable[str]]

_SECTIONS: dict[str, tuple[Rows, ...]] = {
    "📊 Metrics:": (
        rows.loss,
        rows.smoothed_loss,
        rows.learning_rate,
        rows.mfu,
        rows.measured_state,
        rows.phase,
    ),
    "⏱️ Time:": (rows.elapsed_time, rows.time_left, rows.speed, rows.iteration_time),
    "💾 Memory:": (rows.device_memory, rows.tokens, rows.batch_size, rows.tokens_per_batch),
    "🧠 Model State:": (rows.active_parameters, rows.trainable_parameters, rows.total_parameters, rows.state),
}


class Progress:
    """The block; what is not known has no row, and a section without rows is left out."""

    paced: ClassVar[bool] = False

    def outputs(self, entry: EntryBase, run: RunView) -> Iterator[Output]:  # noqa: ARG002 - the seam's
        """Yields a progress report's block."""
        if isinstance(entry, ProgressReport):
            yield shown(entry, RULE, _title(entry), RULE, *_body(entry), RULE)


def _title(report: ProgressReport) -> str:
    done, total = (number(report.progress.get(name)) for name in ("current_step", "total_steps"))
    share = percent_done(number(report.progress.get("progress_percent")))
    return f"🔄 TRAINING PROGRESS: {share} ({thousands(done)}/{thousands(total)} iterations)"


def _body(report: ProgressReport) -> Iterator[str]:
    for title, section in _SECTIONS.items():
        told = [text for part in section for text in part(report)]
        if told:
            yield title
            yield from (f"   • {text}" for text in told)
