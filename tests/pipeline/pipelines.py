"""Pipelines that wake by request only, a sink that hangs, and entries that hold their facts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from verbose_logging.clock import SystemClock
from verbose_logging.entries import Entry, UserEntry
from verbose_logging.facts import Fact
from verbose_logging.pipeline import Pipeline
from verbose_logging.testing import MemorySink


def entry_of(fact: Fact) -> Sequence[Entry]:
    """Returns one entry that holds the fact."""
    return [UserEntry({"type": "fact", "fact": fact})]


def facts_of(entries: Iterable[Entry]) -> list[Fact]:
    """Returns what the entries hold."""
    return [entry.fields["fact"] for entry in entries if isinstance(entry, UserEntry)]


def build(sink: MemorySink, handle: Callable[[Fact], Sequence[Entry]] = entry_of, **options: Any) -> Pipeline:
    """Returns a pipeline that wakes by request only."""
    options = {"clock": SystemClock(), "wake_seconds": 60.0, "tick_seconds": 3600.0, **options}
    return Pipeline(handle, sink, on_problem=lambda _what, _error: None, **options)


class HungSink(MemorySink):
    """A sink that answers only once it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.entered = threading.Event()
        self.released = threading.Event()

    def write(self, entries: Sequence[Entry]) -> None:
        """Waits to be released, then keeps the entries."""
        self.entered.set()
        assert self.released.wait(30.0)
        super().write(entries)
