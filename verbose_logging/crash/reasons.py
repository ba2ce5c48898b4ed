"""Why a run ended, where the Trainer does not say. Whatever is told here is without secrets, and bounded."""

from __future__ import annotations

import contextlib
import sys
import traceback
from collections.abc import Sequence
from types import ModuleType
from typing import Any, Literal, TypeAlias

from verbose_logging.inspection.redaction import redact_text
from verbose_logging.plain import plain
from verbose_logging.probes.torch_cuda import TorchCudaProbe

Outcome: TypeAlias = Literal["interrupted", "failed"]

_MESSAGE_CHARACTERS = 10_000
_TRACEBACK_CHARACTERS = 40_000

LEFT_BEHIND: tuple[Outcome, dict[str, Any]] = (
    "interrupted",
    {"type": "Unknown", "message": "another training began before this one had ended"},
)


def describe_exception(error: BaseException) -> dict[str, Any]:
    """Returns an exception's type, message and traceback; of one that ran out of memory, what torch's allocator held.

    Example:
        >>> describe_exception(ValueError("token=abc is bad"))["message"]
        'token=[redacted] is bad'
    """
    shown = traceback.TracebackException.from_exception(error)  # asks a hostile `__str__` no more than once, contained
    described = {
        "type": type(error).__name__,
        "message": _told(str(shown), _MESSAGE_CHARACTERS),
        "traceback": _told("".join(shown.format()), _TRACEBACK_CHARACTERS),
    }
    if isinstance(error, SystemExit):
        described["code"] = plain(error.code)
    if is_out_of_memory(error):
        described |= allocator_figures(sys.modules.get("torch"))
    return described


def outcome_of(error: BaseException) -> Outcome:
    """Returns "interrupted" for Ctrl-C and exits, "failed" for anything else."""
    return "interrupted" if isinstance(error, KeyboardInterrupt | SystemExit | GeneratorExit) else "failed"


def is_out_of_memory(error: BaseException) -> bool:
    """Returns whether an exception says that memory has run out: a device's or the host's.

    Example:
        >>> is_out_of_memory(RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"))
        True
    """
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    text = "".join(traceback.format_exception_only(type(error), error)).lower()
    return isinstance(error, RuntimeError) and ("out of memory" in text or "defaultcpuallocator" in text)


def allocator_figures(torch: Any) -> dict[str, Any]:
    """Returns, as `allocator`, what torch's allocator holds on each device in use right now; nothing without a device.

    Args:
        torch: The torch module, if the process has imported it.
    """
    with contextlib.suppress(Exception):  # a device in trouble may refuse to say
        if devices := TorchCudaProbe(lambda: torch).read():
            return {"allocator": dict(devices)}
    return {}


def describe_signal(name: str, stack: Sequence[str]) -> dict[str, Any]:
    """Returns a signal that ends the process, and what the main thread was doing.

    Args:
        name: The signal's.
        stack: The main thread's calls, outermost first, as `traceback.format_stack` gives them.
    """
    return {
        "type": name,
        "message": "the process was asked to end",
        "traceback": _told("".join(stack), _TRACEBACK_CHARACTERS),
    }


def signal_note(name: str, stack: Sequence[str]) -> dict[str, Any]:
    """Returns an entry for a signal that a handler of the user's decides about."""
    told = describe_signal(name, stack)
    return {
        "type": "signal_received",
        "level": "WARNING",
        "message": f"⚠️ {name} came; a handler that is not ours decides what follows",
        "signal": name,
        "traceback": told["traceback"],
    }


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


def _told(text: str, most_characters: int) -> str:
    """Returns a text without secrets; of a long one, its beginning and its end, which matter most."""
    half = most_characters // 2
    if len(text) > most_characters:
        text = f"{text[:half]}\n... {len(text) - 2 * half:,} more characters ...\n{text[-half:]}"
    return redact_text(text)
