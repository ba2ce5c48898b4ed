"""Thins out what comes with every step, by the time of the steps and not of their printing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar

from verbose_logging.console.form import Form
from verbose_logging.console.output import Output
from verbose_logging.console.run_view import RunView
from verbose_logging.entries import EntryBase


class Paced:
    """A form that says nothing until a while after it last spoke.

    Args:
        form: What is thinned out.
        interval_seconds: The while, in the time of the entries.
    """

    paced: ClassVar[bool] = False

    def __init__(self, form: Form, interval_seconds: float) -> None:
        self._form = form
        self._interval_seconds = interval_seconds
        self._spoke_at = float("-inf")

    def outputs(self, entry: EntryBase, run: RunView) -> Iterator[Output]:
        """Yields what the form shows, if it is time."""
        at = datetime.fromisoformat(entry.timestamp).timestamp()
        if 0 <= at - self._spoke_at < self._interval_seconds:  # a clock that is set back silences nobody
            return
        for output in self._form.outputs(entry, run):
            self._spoke_at = at
            yield output
