"""The way in for the facts of steps: each step is taken as a whole or not at all."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from verbose_logging.facts import Fact


class Entrance:
    """Looks for room once a step, so that none is half in the log: half of a loss would be a wrong one.

    For one thread, which puts the facts of one step after those of the other.

    Args:
        waiting: The facts that wait; appending one is all it takes.
        room: How many may wait.
        refuse: Counts a fact that found no room.

    Attributes:
        waiting: As given.
        room: As given.
        refuse: As given.
        keep: Takes a fact that has room.
        take: Takes a fact of the step under way, or counts it.

    Example:
        >>> from verbose_logging.facts import StepBegin, SubstepEnd
        >>> waiting, refused = deque(), []
        >>> entrance = Entrance(waiting, 1, refused.append)
        >>> for at in (1.0, 2.0):
        ...     take = entrance.begin_step()
        ...     take(StepBegin(at)), entrance.put(SubstepEnd(at + 0.5))
        (None, None)
        (None, None)
        >>> [fact.at for fact in waiting], [fact.at for fact in refused]
        ([1.0, 1.5], [2.0, 2.5])
    """

    __slots__ = ("keep", "refuse", "room", "take", "waiting")

    def __init__(self, waiting: deque[Fact], room: int, refuse: Callable[[Fact], None]) -> None:
        self.waiting = waiting
        self.room = room
        self.refuse = refuse
        self.keep: Callable[[Fact], None] = waiting.append
        self.take = self.keep

    def begin_step(self) -> Callable[[Fact], None]:
        """Looks for room for a step, and returns what takes its facts."""
        self.take = take = self.keep if len(self.waiting) < self.room else self.refuse
        return take

    def put(self, fact: Fact) -> None:
        """Takes a fact of the step under way; for those who see nothing of its beginning."""
        self.take(fact)
