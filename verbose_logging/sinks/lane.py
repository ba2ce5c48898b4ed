"""A sink on a thread of its own, so that one that hangs costs its own entries and nobody else's."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial

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
    hangs is waited for once, and left behind at the end.

    Args:
        name: The sink's name, for people.
        sink: Where the entries go; called on the lane's thread only.
        on_problem: Told of the sink's first failure, and of its being switched off.
        most_entries: How many entries may wait.
    """

    def __init__(self, name: str, sink: Sink, on_problem: OnProblem, *, most_entries: int = _MOST_ENTRIES) -> None:
        self._part = f"sink {name}"
        self._sink = sink
        self._guard = Guard(on_problem)
        self._most_entries = most_entries
        self._batches: deque[list[Entry]] = deque()
        self._given = self._done = self._dropped = self._undelivered = 0
        self._stuck_at: int | None = None
        self._changed = threading.Condition()  # held for a moment only, never while the sink works
        self._closing = False
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

    def flush(self) -> None:
        """Waits a second at most for the sink to take what it was given, and not again for one that stands still."""
        with self._changed:
            if self._stuck_at == self._done and self._given > self._done:
                return
            target = self._given
            arrived = self._changed.wait_for(lambda: self._done >= target, _FLUSH_SECONDS)
            self._stuck_at = None if arrived else self._done

    def close(self) -> None:
        """Gives the sink two seconds to take the rest and to close, then leaves it behind."""
        self._start()
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(_CLOSE_SECONDS)

    def report(self) -> dict[str, int | str | bool]:
        """Returns what went wrong: failures, error and switched_off, and the entries that were not delivered."""
        failed = self._guard.report().get(self._part, {})
        missing = self._undelivered + self._dropped + (self._given - self._done if self._closing else 0)
        return dict(failed) | ({"undelivered_entries": missing} if missing else {})

    def _start(self) -> None:
        if self._thread is not None and self._thread.is_alive():
            return
        thread = threading.Thread(target=self._run, name=f"verbose-logging-{self._part}", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the interpreter is ending and starts no thread any more
            return
        self._thread = thread

    def _run(self) -> None:
        while (batch := self._next_batch()) is not None:
            delivered = self._call(self._part, partial(self._sink.write, batch))
            with self._changed:
                self._undelivered += 0 if delivered else len(batch)
                self._done += len(batch)
                idle = not self._batches
                self._changed.notify_all()
            if idle:
                self._call(f"flushing {self._part}", self._sink.flush)
        self._call(f"closing {self._part}", self._sink.close)

    def _next_batch(self) -> list[Entry] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._batches or self._closing)
            return self._batches.popleft() if self._batches else None

    def _call(self, part: str, action: Callable[[], None]) -> bool:
        return self._guard.call(part, partial(_done, action), default=False)


def _done(action: Callable[[], None]) -> bool:
    action()
    return True
