"""Whether what a rule found still holds: it may have found it of several GPUs or evaluation sets, which end apart."""

from __future__ import annotations

from typing import get_args

from verbose_logging.entries import State
from verbose_logging.protocols import FindingKind

FINDING_TYPES: frozenset[str] = frozenset(get_args(FindingKind))


class OpenFindings:
    """Counts, for each rule, the findings that have begun and are not over.

    Example:
        >>> found = OpenFindings()
        >>> [found.take("overfitting", state) for state in ("firing", "firing", "resolved", "resolved")]
        ['firing', 'firing', 'firing', 'resolved']
    """

    def __init__(self) -> None:
        self._open: dict[str, int] = {}

    def take(self, rule: str, state: str | None) -> State:
        """Takes in a beginning or an end, and returns whether any finding of the rule holds now."""
        self._open[rule] = max(0, self._open.get(rule, 0) + (1 if state == "firing" else -1))
        return "firing" if self._open[rule] else "resolved"

    def restart(self) -> None:
        """Forgets those of an earlier session, whose ends nobody has seen."""
        self._open.clear()
