"""Why a run ended, where the Trainer does not say."""

from __future__ import annotations

import traceback
from types import ModuleType
from typing import Any, Literal, TypeAlias

from verbose_logging.inspection.redaction import redact_text
from verbose_logging.plain import plain

Outcome: TypeAlias = Literal["interrupted", "failed"]


def describe_exception(error: BaseException) -> dict[str, Any]:
    """Returns an exception's type, message and traceback, without secrets."""
    lines = traceback.format_exception(type(error), error, error.__traceback__)
    return {
        "type": type(error).__name__,
        "message": redact_text(str(error)),
        "traceback": redact_text("".join(lines)),
    } | ({"code": plain(error.code)} if isinstance(error, SystemExit) else {})


LEFT_BEHIND: tuple[Outcome, dict[str, Any]] = (
    "interrupted",
    {"type": "Unknown", "message": "another training began before this one had ended"},
)


def outcome_of(error: BaseException) -> Outcome:
    """Returns "interrupted" for Ctrl-C and exits, "failed" for anything else."""
    return "interrupted" if isinstance(error, KeyboardInterrupt | SystemExit | GeneratorExit) else "failed"


def reason_of_exit(sys: ModuleType, known: BaseException | None) -> tuple[Outcome, dict[str, Any]]:
    """Returns why the interpreter ends while a run is under way.

    Args:
        sys: The `sys` module, whose `last_value` holds the exception that nobody caught.
        known: What it held when training began: an older mistake, in a notebook for example.

    Returns:
        "interrupted" for Ctrl-C or an exit without an exception, "failed" otherwise; and the exception's description.
    """
    error = getattr(sys, "last_value", None)
    if error is None or error is known:
        return "interrupted", {"type": "SystemExit", "message": "the interpreter ended before training did"}
    return outcome_of(error), describe_exception(error)
