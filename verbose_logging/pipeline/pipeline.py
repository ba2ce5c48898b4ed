"""Inbox, thread, flush, bounded close: facts go in on any thread, entries reach the sink on one.

Whoever puts a fact appends it to a deque and goes on: no lock, no wake-up, no I/O. A daemon thread wakes four times a
second, and more often where much comes, and delivers what waits. Nothing here waits for a lock that a signal handler
could find taken: waking and answering go through `SimpleQueue`, which is re-entrant.

A forked child inherits a pipeline that discards everything: its thread did not survive the fork, and the file belongs
to the parent.
"""

from __future__ import annotations

import contextlib
import math
import os
import queue
import sys
import threading
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from typing import TypeAlias

from verbose_logging.entries import Entry
from verbose_logging.facts import Fact
from verbose_logging.pipeline.delivery import Delivery
from verbose_logging.pipeline.drop_tally import DropTally
from verbose_logging.pipeline.entrance import Entrance
from verbose_logging.pipeline.rhythm import Rhythm
from verbose_logging.protocols import Clock, Sink
from verbose_logging.settling import OnProblem, settle

Answer: TypeAlias = "queue.SimpleQueue[bool]"


class Pipeline:
    """Takes facts from any thread to one sink.

    Args:
        handle: Turns a fact into entries; called on the pipeline's thread only, in the order of the facts.
        sink: Takes the entries, a batch at a time.
        clock: Both clocks.
        on_problem: Told what failed, and why; on the pipeline's thread, as a rule.
        settle: Settles a fact before `handle` sees it.
        wake_seconds: Time that a fact waits at most while the sink answers; twice that where facts come fast.
        max_facts: How many facts may wait; more are dropped and counted.
        tick_seconds: Time between two `ClockRead` facts, and between two flushes of the sink.

    Attributes:
        entrance: The way in for the facts of steps.

    Example:
        >>> from verbose_logging.clock import SystemClock
        >>> from verbose_logging.facts import SubstepEnd
        >>> from verbose_logging.testing import MemorySink
        >>> pipeline = Pipeline(lambda fact: [], MemorySink(), clock=SystemClock(), on_problem=print)
        >>> pipeline.start()
        >>> pipeline.put(SubstepEnd(1.0))
        >>> pipeline.flush(), pipeline.close()
        (True, True)
    """

    def __init__(  # noqa: PLR0913 - keyword-only collaborators and limits
        self,
        handle: Callable[[Fact], Sequence[Entry]],
        sink: Sink,
        *,
        clock: Clock,
        on_problem: OnProblem,
        settle: Callable[[Fact, OnProblem], Fact] = settle,
        wake_seconds: float = 0.25,
        max_facts: int = 50_000,
        tick_seconds: float = 1.0,
    ) -> None:
        self._delivery = Delivery(
            handle, sink, clock=clock, on_problem=on_problem, settle=settle, tick_seconds=tick_seconds
        )
        self._rhythm = Rhythm(clock, wake_seconds)
        self._room = max_facts
        self._watches_forks = False
        self._empty()
        self.entrance = Entrance(self._inbox, self._room, self._drop)

    def _empty(self) -> None:
        self._inbox: deque[Fact] = deque()
        self._drops = DropTally()
        self._requests: queue.SimpleQueue[Answer | None] = queue.SimpleQueue()
        self._start_lock = threading.Lock()  # only ever tried, never waited for
        self._thread: threading.Thread | None = None
        self._stopping = False
        self._finished = False

    def put(self, fact: Fact) -> None:
        """Takes a fact, or counts it as dropped where the inbox is full. The hot path."""
        if len(self._inbox) < self._room:
            self._inbox.append(fact)
        else:
            self._drop(fact)

    def wake(self) -> None:
        """Makes the thread deliver what waits, now; waits for nothing."""
        self._requests.put(None)

    def _drop(self, fact: Fact) -> None:
        self._drops.add(fact)

    def put_vital(self, fact: Fact) -> None:
        """Takes a fact that is never dropped while the pipeline is open: a start, an end."""
        if self._stopping:
            self._drop(fact)
        else:
            self._inbox.append(fact)

    def start(self) -> None:
        """Starts the thread, or starts it again if it has died. Idempotent, also when it interrupts itself."""
        if self._finished or not self._start_lock.acquire(blocking=False):
            return
        try:
            if self._thread is None or not self._thread.is_alive():
                self._start_thread()
        finally:
            self._start_lock.release()

    def flush(self, timeout: float = 5.0) -> bool:
        """Returns whether all that was put before the call was handled, and the sink flushed, in time.

        Args:
            timeout: Longest wait, in seconds.
        """
        self.start()
        if self._thread is None or self._thread is threading.current_thread():
            return self._finished
        answer: Answer = queue.SimpleQueue()
        self._requests.put(answer)
        if self._finished:  # the thread may have given its last answers before this request
            return True
        try:
            return answer.get(timeout=timeout)
        except queue.Empty:
            return False

    def close(self, timeout: float = 5.0, *, handling_seconds: float = math.inf) -> bool:
        """Handles what waits, closes the sink and ends the thread; facts put later are counted as dropped.

        Args:
            timeout: Longest wait, in seconds.
            handling_seconds: How long the thread may take over what waits; what is left then is counted as dropped,
                but for starts and ends, and the sink is closed behind it.

        Returns:
            Whether all of it was done in time. A thread that still hangs dies with the process.
        """
        self._delivery.hurry(handling_seconds)
        self._room = 0
        self._stopping = True
        self.start()
        self._requests.put(None)
        if self._thread is None:  # the interpreter is ending and lets no thread start
            self._finish()
        else:
            with contextlib.suppress(RuntimeError):  # closed by its own thread, which cannot wait for itself
                self._thread.join(timeout)
        return self._finished

    def abandon(self, seconds: float) -> list[Entry]:
        """Returns the entries of what still waits after a close in vain, for another thread to save in that time."""
        return self._delivery.abandon(self._inbox, self._drops, seconds=seconds)

    def account(self) -> dict[str, float]:
        """Returns what the pipeline did so far, and its thread's CPU time."""
        return {
            "entries_handled": self._delivery.entries_handled,
            "facts_waiting": len(self._inbox),
            "facts_dropped": self._drops.total(),
            "problems": self._delivery.problems,
            "pipeline_cpu_seconds": self._delivery.cpu_seconds,
        }

    def _start_thread(self) -> None:
        self._watch_forks()
        self._thread = threading.Thread(target=self._run, name="verbose-logging-pipeline", daemon=True)
        try:
            if sys.is_finalizing():
                raise RuntimeError("the interpreter is ending")  # noqa: TRY301 - both ways of refusal meet below
            self._thread.start()
        except RuntimeError as error:
            self._thread = None
            self._delivery.report("starting the thread", error)

    def _watch_forks(self) -> None:
        if self._watches_forks or not hasattr(os, "register_at_fork"):
            return
        self._watches_forks = True
        reference = weakref.WeakMethod(self._become_inert)  # the hook itself stays for the life of the process
        os.register_at_fork(after_in_child=lambda: (become_inert := reference()) and become_inert())

    def _become_inert(self) -> None:
        self._empty()
        self._room = 0
        self._stopping = self._finished = True

    def _run(self) -> None:
        delivered = 0
        while not self._stopping:
            request = self._next_request(self._rhythm.sleep_seconds(delivered))
            delivered = self._delivery.deliver(self._inbox, self._drops)
            if request is not None:
                request.put(self._delivery.flush())
        self._finish()

    def _next_request(self, timeout: float) -> Answer | None:
        try:
            return self._requests.get(timeout=timeout)
        except queue.Empty:
            return None

    def _finish(self) -> None:
        if self._finished:
            return
        self._delivery.finish(self._inbox, self._drops)
        self._finished = True
        with contextlib.suppress(queue.Empty):
            while True:
                if (answer := self._requests.get_nowait()) is not None:
                    answer.put(True)
