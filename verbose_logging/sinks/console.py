"""What people watch: one line per step, and the milestones, through the standard library's logging.

The console is a function of the entries, so a log replayed prints what the run printed. Lines go to the logger
`verbose_logging`, and so wherever the user's logging sends them; a handler of ours prints them only where the user has
configured none.
"""

from __future__ import annotations

import logging
import select
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TextIO

from tqdm import tqdm

from verbose_logging.entries import (
    Entry,
    EntryBase,
    EpochBegin,
    EpochComplete,
    FindingBase,
    TrainingStart,
    TrainingStepComplete,
    UserEntry,
    entry_type,
)
from verbose_logging.formatting import UNKNOWN, fixed, scientific

LOGGER_NAME = "verbose_logging"

MILESTONES = frozenset(
    {
        "training_initialization",
        "training_start",
        "epoch_begin",
        "epoch_complete",
        "evaluation_complete",
        "model_checkpoint_save",
        "resource_warning",
        "performance_anomaly",
        "training_health",
        "entries_dropped",
        "training_complete",
        "training_interrupted",
        "training_failed",
    }
)
FORMS: dict[str, frozenset[str]] = {
    "steps": MILESTONES | {"training_step_complete"},
    "milestones": MILESTONES,
    "off": frozenset(),
}


class ConsoleSink:
    """Prints the entries of one form.

    Args:
        form: A key of `FORMS`.
        log: Takes the severity, the text and the entry's time in seconds since the epoch.
    """

    def __init__(self, form: str, log: Callable[[int, str, float], None]) -> None:
        self._shown = FORMS[form]
        self._log = log
        self._total_epochs: int | None = None

    def write(self, entries: Sequence[Entry]) -> None:
        """Prints those entries that belong to the form."""
        for entry in entries:
            if isinstance(entry, UserEntry):
                continue
            if isinstance(entry, TrainingStart):
                self._total_epochs = entry.total_epochs
            if entry_type(entry) in self._shown:
                when = datetime.fromisoformat(entry.timestamp).timestamp()
                self._log(getattr(logging, entry.level), self._line(entry), when)

    def _line(self, entry: EntryBase) -> str:
        if isinstance(entry, TrainingStepComplete):
            return step_line(entry, self._total_epochs)
        if isinstance(entry, FindingBase) and entry.suggestion:
            return f"{entry.message}. Try: {entry.suggestion}"
        if isinstance(entry, EpochBegin | EpochComplete):
            self._total_epochs = entry.total_epochs
        return entry.message

    def flush(self) -> None:
        """Does nothing: lines are printed as they come."""

    def close(self) -> None:
        """Does nothing: the logger belongs to the process."""


def step_line(entry: TrainingStepComplete, total_epochs: int | None) -> str:
    """Returns a step as one line; what is not known is `-`."""
    metrics, total_steps = entry.metrics, entry.progress.get("total_steps")
    rate = entry.timing.get("steps_per_second")
    parts = (
        f"✅ Epoch {entry.epoch}/{total_epochs or UNKNOWN}",
        f"Step {entry.step}/{total_steps or UNKNOWN}",
        f"loss={_metric(entry, 'loss')}",
        f"avg_loss={_metric(entry, 'avg_loss')}",
        f"lr={scientific(_number(metrics.get('learning_rate')))}",
        f"grad_norm={_metric(entry, 'grad_norm')}",
        f"steps/s={fixed(rate, 2)}",
    )
    return " | ".join(parts)


def _metric(entry: TrainingStepComplete, name: str) -> str:
    marked = (entry.nonfinite or {}).get(f"metrics.{name}")
    return marked or fixed(_number(entry.metrics.get(name)))


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) else None


class TqdmHandler(logging.Handler):
    """Prints records above a progress bar, so that the bar stays whole, and never waits for the stream.

    Args:
        stream: Where to print; by default whatever `sys.stdout` is at the time.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        super().__init__()
        self._stream = stream

    def is_ready(self, timeout_seconds: float) -> bool:
        """Returns whether the stream takes a line within that time; true where that cannot be asked."""
        try:
            descriptor = (self._stream or sys.stdout).fileno()
            return bool(select.select([], [descriptor], [], timeout_seconds)[1])
        except (OSError, ValueError, AttributeError):  # a notebook's stream, or a test's
            return True

    def handle(self, record: logging.LogRecord) -> bool:
        """Prints a record, or drops it where that would block: training waits for the locks that are held meanwhile."""
        return self.is_ready(0.0) and bool(super().handle(record))

    def emit(self, record: logging.LogRecord) -> None:
        """Prints a record; what the stream's encoding cannot show is replaced."""
        stream = self._stream or sys.stdout
        try:
            encoding = getattr(stream, "encoding", None) or "utf-8"
            text = self.format(record).encode(encoding, "replace").decode(encoding)
            tqdm.write(f"{text}\n", file=stream, end="")
            stream.flush()  # what gathered in the stream might block a later line, under tqdm's lock
        except OSError:
            pass  # nobody reads any more: not worth a traceback per line
        except Exception:  # noqa: BLE001 - logging's own way to treat a handler that fails
            self.handleError(record)


class LineFormatter(logging.Formatter):
    """`2025-09-20 22:31:25.227 | INFO     | verbose_logging - text`, in the time of the entry."""

    def format(self, record: logging.LogRecord) -> str:
        """Returns the line of a record."""
        when = datetime.fromtimestamp(record.created).astimezone()
        date = f"{when:%Y-%m-%d %H:%M:%S}.{when.microsecond // 1000:03d}"
        return f"{date} | {record.levelname:<8} | {record.name} - {record.getMessage()}"


def log_to_console(severity: int, text: str, when: float) -> None:
    """Sends a line to the logger `verbose_logging`, dated by the entry; adds our handler if nobody listens.

    Waits while our handler's stream takes nothing, with no lock held. For a thread that may wait.
    """
    logger = logging.getLogger(LOGGER_NAME)
    if not logger.hasHandlers():
        handler = TqdmHandler()
        handler.setFormatter(LineFormatter())
        logger.addHandler(handler)
        logger.propagate = False
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.INFO)
    if logger.isEnabledFor(severity):
        record = logger.makeRecord(LOGGER_NAME, severity, "", 0, text, (), None)
        record.created = when
        record.msecs = (when % 1) * 1000
        ours = [handler for handler in logger.handlers if isinstance(handler, TqdmHandler)]
        while not all(handler.is_ready(1.0) for handler in ours):
            pass
        logger.handle(record)
