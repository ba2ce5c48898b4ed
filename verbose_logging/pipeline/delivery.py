"""What the pipeline's thread does: facts are settled and handled, entries are written, time is told.

Nothing raises out of here. What fails costs the entries of one fact or the delivery of one batch, and is reported.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from verbose_logging.entries import Entry
from verbose_logging.facts import ClockRead, Fact
from verbose_logging.pipeline.deadline import ENDS, Deadline
from verbose_logging.pipeline.drop_tally import DropTally
from verbose_logging.protocols import Clock, Sink
from verbose_logging.settling import OnProblem, settle

_BATCH_FACTS = 512  # some tens of milliseconds of work, a few hundred KB of lines
_FACTS_AT_A_TIME = 32  # a millisecond of work; less would cost more than it gains


def _give_way() -> None:
    time.sleep(0)


class Delivery:
    """Takes facts out of an inbox and their entries to the sink. Used by one thread at a time.

    Args:
        handle: Turns a fact into entries.
        sink: Takes the entries, a batch at a time.
        clock: Both clocks.
        on_problem: Told what failed, and why.
        settle: Settles a fact before `handle` sees it.
        give_way: Lets go of the interpreter's lock for a moment, each millisecond or so. A training that wants it would
            wait 5 ms for a thread that does not, and its slowest steps would be the slower for it.
        tick_seconds: Time between two `ClockRead` facts, and between two flushes of the sink.
    """

    def __init__(  # noqa: PLR0913 - keyword-only collaborators
        self,
        handle: Callable[[Fact], Sequence[Entry]],
        sink: Sink,
        *,
        clock: Clock,
        on_problem: OnProblem,
        settle: Callable[[Fact, OnProblem], Fact] = settle,
        give_way: Callable[[], None] = _give_way,
        tick_seconds: float = 1.0,
    ) -> None:
        self.entries_handled = 0
        self.problems = 0
        self._cpu_seconds = 0.0
        self._is_writing = self._is_abandoned = False
        self._delivering: tuple[int, float] | None = None
        self._handle = handle
        self._sink = sink
        self._clock = clock
        self._on_problem = on_problem
        self._settle = settle
        self._give_way = give_way
        self._tick_seconds = tick_seconds
        self._next_tick_at = math.inf
        self._deadline = Deadline(clock)

    def deliver(self, inbox: deque[Fact], drops: DropTally) -> int:
        """Delivers what waits by now, and what is due by the clock; returns how many facts that was."""
        self._delivering = (threading.get_ident(), time.thread_time())
        tick_is_due = self._clock.monotonic() >= self._next_tick_at
        facts = self._waiting(inbox, drops)
        count = 0
        while not self._is_abandoned and (size := self._deliver_batch(itertools.islice(facts, _BATCH_FACTS))):
            count += size
        if tick_is_due and not self._is_abandoned:
            self.flush()
        self._cpu_seconds = self.cpu_seconds
        self._delivering = None
        return count

    def finish(self, inbox: deque[Fact], drops: DropTally) -> None:
        """Delivers what waits, in the time that `hurry` leaves, and closes the sink."""
        self.deliver(inbox, drops)
        self.deliver(inbox, drops)  # the first may have left some out; this one tells how many
        self._attempt("closing the log", self._sink.close)

    def hurry(self, seconds: float) -> None:
        """Leaves so much time for what waits; the rest will be counted as dropped, but for starts and ends."""
        self._deadline.set(seconds)

    @property
    def cpu_seconds(self) -> float:
        """CPU time of the deliveries so far; asked from within one, what it has cost by now counts too."""
        if self._delivering is None or self._delivering[0] != threading.get_ident():
            return self._cpu_seconds
        return self._cpu_seconds + time.thread_time() - self._delivering[1]

    def flush(self) -> bool:
        """Returns whether the sink could be flushed."""
        self._is_writing = True
        done = self._attempt("flushing the log", self._sink.flush)
        self._is_writing = False
        return done

    def abandon(self, inbox: deque[Fact], drops: DropTally, *, seconds: float) -> list[Entry]:
        """Returns the entries of what waits, for another thread to save: the sink hangs and is not given anything more.

        Whatever there is no time for is counted; the run's end is among what is returned in any case.

        Args:
            inbox: The facts that wait.
            drops: Those that were dropped.
            seconds: How long this may take.
        """
        self._is_abandoned = True
        if not self._is_writing:  # what hangs is the recorder itself, or a device that it waits for
            return []
        self.hurry(seconds)
        entries: list[Entry] = []
        for fact in itertools.chain(self._waiting(inbox, drops), self._waiting(inbox, drops)):
            self._collect(fact, entries)
        return entries

    def report(self, what: str, error: Exception) -> None:
        """Counts a problem and passes it on."""
        self.problems += 1
        with contextlib.suppress(Exception):
            self._on_problem(what, error)

    def _waiting(self, inbox: deque[Fact], drops: DropTally) -> Iterator[Fact]:
        """Takes out the facts that wait by now, and counts those that there is no time for.

        The pipeline's own come last, since they are the youngest; only an end comes behind what was dropped, since it
        is a run's last word.
        """
        dropped = drops.take(self._clock.monotonic())
        allows = self._deadline.allows
        for _ in range(len(inbox)):
            fact = inbox.popleft()
            if not allows(fact):
                drops.add(fact)
                continue
            if type(fact) in ENDS:
                yield from filter(None, (dropped, drops.take(self._clock.monotonic())))
                dropped = None
            yield fact
        if dropped:
            yield dropped
        now = self._clock.monotonic()
        if now >= self._next_tick_at:
            self._next_tick_at = now + self._tick_seconds
            yield ClockRead(now, self._clock.wall(), self._clock.utc_offset_seconds())

    def _deliver_batch(self, facts: Iterable[Fact]) -> int:
        """Delivers these facts; returns how many there were."""
        entries: list[Entry] = []
        count = 0
        for count, fact in enumerate(facts, start=1):
            self._collect(fact, entries)
            if count % _FACTS_AT_A_TIME == 0:
                self._give_way()
        if self._next_tick_at == math.inf:  # ticks begin behind the first fact, which opens the run
            self._next_tick_at = self._clock.monotonic() + self._tick_seconds
        if entries:
            self._is_writing = True
            self._attempt("writing the log", partial(self._sink.write, entries))
            self._is_writing = False
        return count

    def _collect(self, fact: Fact, entries: list[Entry]) -> None:
        try:
            made = self._handle(self._settle(fact, self.report))
        except Exception as error:  # noqa: BLE001 - one fact costs its own entries
            self.report(type(fact).__name__, error)
            return
        if made:
            self.entries_handled += len(made)
            entries += made

    def _attempt(self, what: str, action: Callable[[], None]) -> bool:
        try:
            action()
        except Exception as error:  # noqa: BLE001 - the thread outlives whatever a sink does
            self.report(what, error)
            return False
        return True
