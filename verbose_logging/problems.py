"""Trouble of our own: counted, told to people once per part, and to the error log each time."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from typing import Any

from verbose_logging.inspection.redaction import redact_text
from verbose_logging.printable import printable


def _note_nothing(_part: str, _error: Exception) -> None:
    """Keeps no log of errors."""


class Problems:
    """Hears of every part of ours that fails; training goes on. Never raises.

    Args:
        note: Takes every problem, for the error log.

    Example:
        >>> problems = Problems()
        >>> problems("probe cpu", OSError("gone"))
        >>> problems.report()
        {'probe cpu': {'failures': 1, 'error': 'OSError: gone'}}
    """

    def __init__(self, note: Callable[[str, Exception], None] = _note_nothing) -> None:
        self._note = note
        self._counts: dict[str, int] = {}
        self._errors: dict[str, str] = {}

    def __call__(self, part: str, error: Exception) -> None:
        """Takes a part's failure."""
        with contextlib.suppress(Exception):
            self._note(part, error)
        count = self._counts.get(part, 0) + 1
        self._errors[part] = words_of(error)
        self._counts[part] = count
        if count == 1:
            warn(part, error)

    def report(self) -> dict[str, dict[str, Any]]:
        """Returns, for each part that failed, how often it told so, and its last error without secrets."""
        return {part: {"failures": count, "error": self._errors[part]} for part, count in self._counts.copy().items()}


def words_of(error: BaseException) -> str:
    """Returns an error's type and text without secrets; an error may fail even to say what it is.

    Example:
        >>> words_of(ValueError("api_key=abc refused"))
        'ValueError: api_key=[redacted] refused'
    """
    kind = type(error).__name__
    try:
        return f"{kind}: {redact_text(str(error))}"
    except Exception:  # noqa: BLE001 - the text is a courtesy, the failure is the fact
        return kind


def warn(part: str, error: Exception) -> None:
    """Tells of a failure in one line through the logger `verbose_logging`."""
    with contextlib.suppress(Exception):
        logging.getLogger("verbose_logging").warning("%s failed: %s", part, printable(words_of(error)))
