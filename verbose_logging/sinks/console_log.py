"""The console's way out: the standard library's logging, and a handler of ours where the user has none."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import Any, TextIO

from tqdm import tqdm

from verbose_logging.console.output import Output
from verbose_logging.sinks.console_handler import LineFormatter, TqdmHandler
from verbose_logging.sinks.terminal import is_ready, is_terminal

LOGGER_NAME = "verbose_logging"
_PATIENCE_SECONDS = 1.0


def log_to_console(output: Output) -> None:
    """Sends an output to the logger `verbose_logging`, dated by its entry; adds our handler if nobody listens.

    Waits while a stream takes nothing, with no lock held. For a thread that may wait.
    """
    logger = console_logger()
    severity = getattr(logging, output.severity)
    if not logger.isEnabledFor(severity):
        return
    listeners = list(_listeners(logger))
    while not all(is_ready(stream, _PATIENCE_SECONDS) for stream in _streams(listeners)):
        pass
    with _bars_aside(listeners):
        logger.handle(_record(logger, severity, output))


def console_logger() -> logging.Logger:
    """Returns the logger `verbose_logging`; it has our handler where the user has configured none."""
    logger = logging.getLogger(LOGGER_NAME)
    if not logger.hasHandlers():
        handler = TqdmHandler()
        handler.setFormatter(LineFormatter())
        logger.addHandler(handler)
        logger.propagate = False
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.INFO)
    return logger


def _listeners(logger: logging.Logger | None) -> Iterator[logging.Handler]:
    """Yields every handler that a record of this logger reaches."""
    while logger is not None:
        yield from logger.handlers
        logger = logger.parent if logger.propagate else None


def _streams(listeners: Iterable[logging.Handler]) -> Iterator[TextIO]:
    """Yields where handlers write, as far as they show that."""
    for listener in listeners:
        console = getattr(listener, "console", None)  # that of rich's handler
        stream = getattr(listener, "stream", None) or getattr(console, "file", None)
        if stream is not None:
            yield stream


def _bars_aside(listeners: Iterable[logging.Handler]) -> AbstractContextManager[Any]:
    """Returns what keeps progress bars out of the way of a user's own handler that writes to a terminal, as ours does.

    `logging.basicConfig()` makes such a handler; its lines would begin in the middle of the bar.
    """
    others = (listener for listener in listeners if not isinstance(listener, TqdmHandler))
    terminal = next(filter(is_terminal, _streams(others)), None)
    return nullcontext() if terminal is None else tqdm.external_write_mode(file=terminal)


def _record(logger: logging.Logger, severity: int, output: Output) -> logging.LogRecord:
    """Returns an output as a record; what only our own handler looks at are further attributes."""
    when = datetime.fromisoformat(output.timestamp)
    extra = {"when": when, "style": output.style, "bare": output.bare}
    record = logger.makeRecord(LOGGER_NAME, severity, "", 0, output.text, (), None, extra=extra)
    record.created = when.timestamp()
    record.msecs = when.microsecond / 1000
    return record
