"""How a run ends."""

from __future__ import annotations

from verbose_logging.entries.base import EntryBase, Group, Tree


class EndBase(EntryBase, frozen=True, kw_only=True):
    """How a run ended. `step` is the last finished one.

    Args:
        statistics: Figures over the whole session.
        time_ledger: Where the time went, in seconds; the parts sum to `total_seconds`.
        peaks: Highest readings.
        logger: What the logger itself has cost, and what it had to switch off.
        exception: Type, message and traceback, redacted; of an out-of-memory error, what torch's allocator held.
        resource_usage: The machine's last reading.
        last_steps: The last steps at full detail.
        stop_requested: The `rule` whose action asked for the end, its `step` and its `verdict`.
    """

    statistics: Group
    time_ledger: dict[str, float]
    peaks: Group = {}
    logger: Tree = {}
    exception: Tree | None = None
    resource_usage: Tree | None = None
    last_steps: list[Tree] | None = None
    stop_requested: Tree | None = None


class TrainingComplete(EndBase, frozen=True, kw_only=True, tag="training_complete"):
    """Training ended by itself."""


class TrainingInterrupted(EndBase, frozen=True, kw_only=True, tag="training_interrupted"):
    """Training was ended from outside: Ctrl-C, SIGTERM, sys.exit."""


class TrainingFailed(EndBase, frozen=True, kw_only=True, tag="training_failed"):
    """Training ended by an exception."""
