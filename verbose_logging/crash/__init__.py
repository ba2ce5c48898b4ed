"""Why a run ends, or stands still: exceptions, SIGTERM, the interpreter's exit, and a training that shows no life."""

from verbose_logging.crash.reasons import (
    LEFT_BEHIND,
    Outcome,
    allocator_figures,
    describe_exception,
    describe_signal,
    is_out_of_memory,
    outcome_of,
    reason_of_exit,
    signal_note,
)

__all__ = [
    "LEFT_BEHIND",
    "Outcome",
    "allocator_figures",
    "describe_exception",
    "describe_signal",
    "is_out_of_memory",
    "outcome_of",
    "reason_of_exit",
    "signal_note",
]
