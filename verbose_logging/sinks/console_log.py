"""The console's way out: the standard library's logging, and a handler of ours where the user has none."""

from __future__ import annotations

import logging
import select
import sys
from datetime import datetime
from typing import TextIO

from tqdm import tqdm

from verbose_logging.console.output import Output
from verbose_logging.sinks.terminal import Terminal

LOGGER_NAME = "verbose_logging"


class TqdmHandler(logging.Handler):
    """Prints records above a progress bar, so that the bar stays whole, and never waits for the stream.

    Args:
        stream: Where to print; by default whatever `sys.stdout` is at the time.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        super().__init__()
        self._stream = stream
        self._terminal: tuple[TextIO, Terminal] | None = None

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
        """Prints a record as the stream can show it."""
        stream = self._stream or sys.stdout
        try:
            text = self._terminal_of(stream).render(self.format(record), getattr(record, "style", ""))
            tqdm.write(f"{text}\n", file=stream, end="")
            stream.flush()  # what gathered in the stream might block a later line, under tqdm's lock
        except OSError:
            pass  # nobody reads any more: not worth a traceback per line
        except Exception:  # noqa: BLE001 - logging's own way to treat a handler that fails
            self.handleError(record)

    def _terminal_of(self, stream: TextIO) -> Terminal:
        if self._terminal is None or self._terminal[0] is not stream:
            self._terminal = (stream, Terminal(stream))
        return self._terminal[1]


class LineFormatter(logging.Formatter):
    """`2025-09-20 22:31:25.227 | INFO     | verbose_logging - text`, in the entry's own time; blocks as they are."""

    def format(self, record: logging.LogRecord) -> str:
        """Returns the text of a record."""
        if getattr(record, "bare", False):
            return record.getMessage()
        when = getattr(record, "when", None) or datetime.fromtimestamp(record.created).astimezone()
        date = f"{when:%Y-%m-%d %H:%M:%S}.{when.microsecond // 1000:03d}"
        return f"{date} | {record.levelname:<8} | {record.name} - {record.getMessage()}"


def log_to_console(output: Output) -> None:
    """Sends an output to the logger `verbose_logging`, dated by its entry; adds our handler if nobody listens.

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
    severity = getattr(logging, output.severity)
    if logger.isEnabledFor(severity):
        ours = [handler for handler in logger.handlers if isinstance(handler, TqdmHandler)]
        while not all(handler.is_ready(1.0) for handler in ours):
            pass
        logger.handle(_record(logger, severity, output))


def _record(logger: logging.Logger, severity: int, output: Output) -> logging.LogRecord:
    """Returns an output as a record; what only our own handler looks at are further attributes."""
    when = datetime.fromisoformat(output.timestamp)
    extra = {"when": when, "style": output.style, "bare": output.bare}
    record = logger.makeRecord(LOGGER_NAME, severity, "", 0, output.text, (), None, extra=extra)
    record.created = when.timestamp()
    record.msecs = when.microsecond / 1000
    return record
