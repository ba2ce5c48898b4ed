"""Whether a run without an end entry goes on: its writer holds a lock on the log for as long as it lives."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from verbose_logging.reading.files.spilled import spill_files
from verbose_logging.reading.summary.verdict import verdict

_ERROR_LOG = "verbose_logging_errors.log"
_SOMEBODY_HOLDS_IT = (errno.EWOULDBLOCK, errno.EACCES)


def has_writer(path: Path) -> bool | None:
    """Returns whether some process writes the log right now, `None` where that cannot be told.

    A writer holds a shared lock. For a moment this asks for the exclusive one, which is granted only where there is no
    writer; one that opens the log at that very moment tries again with its next batch. File systems without locks, and
    a run's JSON, which is replaced whole, tell nothing.
    """
    if path.suffix == ".json":
        return None
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    except OSError:
        return None
    try:
        return not _is_free(descriptor)
    except (ImportError, OSError):
        return None
    finally:
        os.close(descriptor)


def _is_free(descriptor: int) -> bool:
    import fcntl  # noqa: PLC0415 - Windows has none; nothing can be told there

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _SOMEBODY_HOLDS_IT:
            return False
        raise
    return True


def with_liveness(summary: Mapping[str, Any], path: Path, now: datetime) -> dict[str, Any]:
    """Returns the summary of a log's newest run with `has_writer`, and what follows from it.

    A run that has ended is returned as it is. Where nobody writes any more and a file beside the log tells of trouble
    with writing it, `end_may_be_in` names that file: then a missing end does not prove that the process was killed.

    Args:
        summary: What `summarize` returned.
        path: The log.
        now: The present moment, with its time zone.
    """
    writes = has_writer(path) if summary.get("outcome") == "unfinished" else None
    if writes is None:
        return dict(summary)
    known = {**summary, "has_writer": writes}
    if not writes and (signs := _signs_of_trouble(path)):
        known["end_may_be_in"] = signs[0].name
    if not writes:
        known.pop("eta_minutes", None)  # nothing is on its way
    return known | {"verdict": verdict(known, now)}


def _signs_of_trouble(path: Path) -> list[Path]:
    """Returns the files beside a log that hold what it did not take, or tell of it."""
    return [file for file in (*spill_files(path), path.with_name(_ERROR_LOG)) if file.is_file()]
