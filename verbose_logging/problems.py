"""Trouble of our own: told to people once per part, and to the error log each time."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable


class Problems:
    """Hears of every part of ours that fails; training goes on. Never raises.

    Args:
        note: Takes every problem, for the error log.
    """

    def __init__(self, note: Callable[[str, Exception], None]) -> None:
        self._note = note
        self._told: set[str] = set()

    def __call__(self, part: str, error: Exception) -> None:
        """Takes a part's failure."""
        with contextlib.suppress(Exception):
            self._note(part, error)
        if part not in self._told:
            self._told.add(part)
            warn(part, error)


def warn(part: str, error: Exception) -> None:
    """Tells of a failure through the logger `verbose_logging`."""
    with contextlib.suppress(Exception):
        logging.getLogger("verbose_logging").warning("%s failed: %s: %s", part, type(error).__name__, error)
