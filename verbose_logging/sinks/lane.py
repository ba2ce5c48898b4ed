"""A sink on a thread of its own, so that one that hangs costs its own entries and nobody else's."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections import deque
from collections.abc import Sequence
from functools import partial
from time import monotonic

from verbose_logging.entries import Entry
from verbose_logging.guard import Guard
from verbose_logging.protocols import Sink
from verbose_logging.settling import OnProblem

_MOST_ENTRIES = 10_000
_FLUSH_SECONDS = 1.0
_CLOSE_SECONDS = 2.0


class Lane:
    """Takes batches to a sink without waiting for it.

    What finds the lane full is dropped and counted. A sink that raises three times in a row is switched off; one that
    hangs is waited for once, and left behind at the end. Used by one thread, but for `report`.

    Args:
        name: The sink's name, for people.
        sink: Where the entries go; called on the lane's thread only.
        on_problem: Told of the sink's first failure, of its being switched off, and of the first time it hangs.
        most_entries: How many entries may wait.
        patience_seconds: How long a flush may go unanswered before that is told as hanging.
    """

    def __init__(
        self,
        name: str,
        sink: Sink,
        on_problem: OnProblem,
        *,
        most_entries: int = _MOST_ENTRIES,
        patience_seconds: float = _FLUSH_SECONDS,
    ) -> None:
        self._part = f"sink {name}"
        self._sink = sink
        self._on_problem = on_problem
        self._guard = Guard(on_problem)
        self._most_entries = most_entries
        self._patience_seconds = patience_seconds
        self._asked_at = self._closing_since = 0.0
        self._batches: deque[list[Entry]] = deque()
        self._given = self._done = self._dropped = self._undelivered = 0
        self._changed = threading.Condition()  # held for a moment only, never while the sink works
        self._flush_wanted = self._closing = self._has_hung = False
        self._thread: threading.Thread | None = None

    def write(self, entries: Sequence[Entry]) -> None:
        """Takes a batch as far as there is room."""
        with self._changed:
            room = max(0, self._most_entries - (self._given - self._done))
            taken = list(entries[:room])
            self._dropped += len(entries) - len(taken)
            if not taken:
                return
            self._given += len(taken)
            self._batches.append(taken)
            self._changed.notify_all()
        self._start()

    def ask_for_flush(self) -> None:
        """Asks the sink to take what it was given and to flush."""
        self._start()
        with self._changed:
            if self._thread is not None and not self._closing and not self._flush_wanted:
                self._flush_wanted = True
                self._asked_at = monotonic()
                self._changed.notify_all()

    def flush(self) -> None:
        """Asks for a flush and waits for it."""
        self.ask_for_flush()
        self.wait_for_flush()

    def wait_for_flush(self) -> None:
        """Waits for the flush that was asked for, a second at most from then on; so not again while the sink hangs."""
        with self._changed:
            if self._closing:
                return
            self._changed.wait_for(lambda: not self._flush_wanted, _left(_FLUSH_SECONDS, since=self._asked_at))
            hangs = self._is_silent_for(self._patience_seconds)
        if hangs and not self._has_hung:
            self._has_hung = True
            self._on_problem(self._part, TimeoutError(f"no answer for {self._patience_seconds:g} s; its entries wait"))

    def begin_closing(self) -> None:
        """Lets the sink take the rest and close."""
        self._start()
        with self._changed:
            self._closing = True
            self._closing_since = monotonic()
            self._changed.notify_all()

    def close(self) -> None:
        """Gives the sink two seconds to take the rest and to close, then leaves it behind."""
        if not self._closing:
            self.begin_closing()
        if self._thread is not None:
            self._thread.join(_left(_CLOSE_SECONDS, since=self._closing_since))

    def report(self) -> dict[str, int | str | bool]:
        """Returns what went wrong: failures, error, switched_off, undelivered_entries, waiting_entries of a hang."""
        failures = self._guard.report()
        failed = failures.get(self._part) or next(iter(failures.values()), {})  # writing, else flushing or closing
        waiting = self._given - self._done
        missing = self._undelivered + self._dropped + (waiting if self._closing else 0)
        hung = self._is_silent_for(_FLUSH_SECONDS) and not self._closing
        return (
            dict(failed)
            | ({"undelivered_entries": missing} if missing else {})
            | ({"waiting_entries": waiting} if hung and waiting else {})
        )

    def _is_silent_for(self, seconds: float) -> bool:
        return self._flush_wanted and monotonic() - self._asked_at >= seconds

    def _start(self) -> None:
        if self._closing or (self._thread is not None and self._thread.is_alive()) or sys.is_finalizing():
            return
        thread = threading.Thread(target=self._run, name=f"verbose-logging-{self._part}", daemon=True)
        with contextlib.suppress(RuntimeError):  # the interpreter is ending and starts no thread any more
            thread.start()
            self._thread = thread

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._batches or self._flush_wanted or self._closing)
                batch = self._batches.popleft() if self._batches else None
            if batch is not None:
                self._deliver(batch)
            elif self._flush_wanted:
                self._flush_sink()
            else:
                break
        self._guard.attempt(f"closing {self._part}", self._sink.close)

    def _deliver(self, batch: list[Entry]) -> None:
        delivered = self._guard.attempt(self._part, partial(self._sink.write, batch))
        with self._changed:
            self._done += len(batch)
            self._undelivered += 0 if delivered else len(batch)

    def _flush_sink(self) -> None:
        self._guard.attempt(f"flushing {self._part}", self._sink.flush)
        with self._changed:
            self._flush_wanted = False
            self._changed.notify_all()


def _left(seconds: float, *, since: float) -> float:
    return max(0.0, since + seconds - monotonic())
