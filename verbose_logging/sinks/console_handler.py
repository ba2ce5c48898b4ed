"""Our own handler: prints above a progress bar, in the form that the stream can show."""

from __future__ import annotations

import logging
import sys
from datetime import datetime
from typing import TextIO

from tqdm import tqdm

from verbose_logging.sinks.terminal import Terminal, is_ready


class TqdmHandler(logging.Handler):
    """Prints records above a progress bar, so that the bar stays whole, and never waits for the stream.

    Args:
        stream: Where to print; by default whatever `sys.stdout` is at the time.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        super().__init__()
        self._stream = stream
        self._terminal: tuple[TextIO, Terminal] | None = None

    @property
    def stream(self) -> TextIO | None:
        """Where the next record goes; `None` where the process has no stdout."""
        return self._stream or sys.stdout

    def handle(self, record: logging.LogRecord) -> bool:
        """Prints a record, or drops it where that would block: training waits for the locks that are held meanwhile."""
        return is_ready(self.stream, 0.0) and bool(super().handle(record))

    def emit(self, record: logging.LogRecord) -> None:
        """Prints a record as the stream can show it; nothing where there is none, or a closed one."""
        stream = self.stream
        if stream is None or getattr(stream, "closed", False):  # a notebook's may not say
            return
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
