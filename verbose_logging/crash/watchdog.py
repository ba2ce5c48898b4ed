"""Notices that training shows no sign of life, and where its thread stands meanwhile."""

from __future__ import annotations

import math
import sys
import threading
import traceback

from verbose_logging import facts
from verbose_logging.facts import Fact, Quiet

QUIET_SECONDS = 30.0
_FRAMES = 20
# What comes from other threads than the one that trains, or from this one without its doing.
_NO_SIGN_OF_LIFE = frozenset(
    {
        facts.ClockRead,
        facts.ProbeRead,
        facts.ProbeFailed,
        facts.GcPause,
        facts.UserWrote,
        facts.SystemInspected,
        facts.FactsDropped,
    }
)
_ENDS = frozenset({facts.TrainEnd, facts.RunBroken})


class Watchdog:
    """Looks at the facts of a training as they pass, and says when the only ones are those of the clock.

    Args:
        quiet_seconds: How long nothing may come before it is told, and how often it is told again.

    Example:
        >>> dog = Watchdog()
        >>> dog.watch()
        >>> [type(dog.look(facts.ClockRead(at, 0.0, 0.0))).__name__ for at in (1.0, 30.0, 31.0, 60.0, 61.5)]
        ['NoneType', 'NoneType', 'Quiet', 'NoneType', 'Quiet']
    """

    def __init__(self, quiet_seconds: float = QUIET_SECONDS) -> None:
        self._quiet_seconds = quiet_seconds
        self._thread: int | None = None
        self._last_sign_at: float | None = None
        self._told_at = -math.inf

    def watch(self) -> None:
        """Watches over the calling thread from now on, until its training ends."""
        self._thread = threading.get_ident()
        self._last_sign_at = None

    def look(self, fact: Fact) -> Quiet | None:
        """Takes in a fact; returns what stands before it: that training has been quiet, where it has."""
        if self._thread is None:
            return None
        kind = type(fact)
        if kind not in _NO_SIGN_OF_LIFE or self._last_sign_at is None:
            self._last_sign_at = fact.at
            if kind in _ENDS:
                self._thread = None
        elif kind is facts.ClockRead and fact.at - max(self._last_sign_at, self._told_at) >= self._quiet_seconds:
            self._told_at = fact.at
            return Quiet(fact.at, fact.at - self._last_sign_at, stack_of(self._thread))
        return None


def stack_of(thread: int) -> list[str]:
    """Returns the innermost calls of a thread, the innermost last; none where it has ended. Opens no file."""
    frame = sys._current_frames().get(thread)  # noqa: SLF001 - the documented way to see another thread
    if frame is None:
        return []
    calls = traceback.StackSummary.extract(traceback.walk_stack(frame), limit=_FRAMES, lookup_lines=False)
    return [f"{call.filename}:{call.lineno} {call.name}" for call in reversed(calls)]
