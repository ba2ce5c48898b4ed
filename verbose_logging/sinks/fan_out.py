"""Several sinks as one; what one of them does is no matter to the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Protocol, runtime_checkable

from verbose_logging.entries import Entry
from verbose_logging.guard import Guard
from verbose_logging.protocols import Sink
from verbose_logging.settling import OnProblem
from verbose_logging.sinks.at_once import all_at_once
from verbose_logging.sinks.lane import Lane
from verbose_logging.sinks.vital import are_lasting


@runtime_checkable
class Rescuer(Protocol):
    """A sink that can save what waits in it while its own thread hangs."""

    def rescue(self, entries: Sequence[Entry]) -> None:
        """Saves what waits, and these entries, somewhere else. For another thread, at the end of the process."""


@runtime_checkable
class Accountant(Protocol):
    """A sink that knows how much it has written."""

    def account(self) -> dict[str, Any]:
        """Returns what was written so far."""


class FanOut:
    """Gives every batch to every sink. One that raises three times in a row is switched off.

    Args:
        sinks: The sinks, by name.
        on_problem: Told of a sink's first failure, and of its being switched off; the error carries the traceback.
    """

    def __init__(self, sinks: Mapping[str, Sink], on_problem: OnProblem) -> None:
        self._sinks = dict(sinks)
        self._guard = Guard(on_problem)
        self._undelivered = dict.fromkeys(self._sinks, 0)

    def write(self, entries: Sequence[Entry]) -> None:
        """Gives the batch to each sink, and counts it as undelivered to those that raise or are switched off.

        At a checkpoint and at an end, where files wait for the disk, all write at once.
        """
        deliveries = [partial(self._deliver, name, sink, entries) for name, sink in self._sinks.items()]
        if are_lasting(entries):
            all_at_once(deliveries)
        else:
            for deliver in deliveries:
                deliver()

    def _deliver(self, name: str, sink: Sink, entries: Sequence[Entry]) -> None:
        if not self._guard.attempt(_part(name), partial(sink.write, entries)):
            self._undelivered[name] += len(entries)

    def flush(self) -> None:
        """Flushes each sink that is not switched off; those with a thread of their own all at once."""
        for lane in self._lanes().values():
            lane.ask_for_flush()
        for name, sink in self._sinks.items():
            self._guard.attempt(
                f"flushing {_part(name)}", sink.wait_for_flush if isinstance(sink, Lane) else sink.flush
            )

    def close(self) -> None:
        """Closes each sink, also one that is switched off; those with a thread of their own all at once."""
        for lane in self._lanes().values():
            lane.begin_closing()
        for name, sink in self._sinks.items():
            self._guard.attempt(f"closing {_part(name)}", sink.close)

    def rescue(self, entries: Sequence[Entry]) -> None:
        """Saves what waits in the sinks, and these entries. For another thread, when the pipeline hangs at the end."""
        for name, sink in self._sinks.items():
            if isinstance(sink, Rescuer):
                self._guard.attempt(f"rescuing {_part(name)}", partial(sink.rescue, entries))

    def account(self) -> dict[str, dict[str, Any]]:
        """Returns, for each sink that knows, what it has written so far."""
        return {name: sink.account() for name, sink in self._sinks.items() if isinstance(sink, Accountant)}

    def failures(self) -> dict[str, dict[str, int | str | bool]]:
        """Returns, for each sink that failed: failures, error, switched_off, undelivered_entries."""
        report = self._guard.report()
        own = {
            name: {**report[_part(name)], "undelivered_entries": undelivered}
            for name, undelivered in self._undelivered.items()
            if _part(name) in report
        }
        return own | {name: told for name, lane in self._lanes().items() if (told := lane.report())}

    def _lanes(self) -> dict[str, Lane]:
        return {name: sink for name, sink in self._sinks.items() if isinstance(sink, Lane)}


def _part(name: str) -> str:
    return f"sink {name}"
