"""Keeps a log within a bound: when it is full, it is set aside and packed, and the oldest parts make room.

The first part stays as long as there is another to give up, because it says what was trained on what. Whatever goes
wrong is told and leaves the log growing: a line is worth more than the bound.
"""

from __future__ import annotations

import gzip
import os
import shutil
from pathlib import Path

from verbose_logging.log_parts import number_of, packed_part, parts_of, plain_part
from verbose_logging.settling import OnProblem
from verbose_logging.sinks.files.file_lock import alone

_EFFORT = 6  # of gzip
_CHUNK_BYTES = 1 << 20


class Rotation:
    """Sets full logs aside. Used by the thread that writes.

    Half of the bound is for the log itself, half for the packed parts, about a tenth of their size each. While one is
    being packed, it takes its own size once more.

    Args:
        path: The log.
        max_bytes: The bound on the log and its parts together.
        on_problem: Told of what failed.
    """

    def __init__(self, path: Path, *, max_bytes: int, on_problem: OnProblem) -> None:
        self._path = path
        self._half = max_bytes // 2
        self._on_problem = on_problem

    def is_due(self, descriptor: int, coming_bytes: int) -> bool:
        """Returns whether the open log is full with so much more."""
        size = os.fstat(descriptor).st_size
        return size > 0 and size + coming_bytes > self._half

    def set_aside(self, descriptor: int) -> bool:
        """Returns whether the log was renamed to its next part; not while anybody else writes it."""
        try:
            with alone(descriptor) as is_alone:
                if is_alone:
                    last = max((number_of(part, self._path) or 0 for part in parts_of(self._path)), default=0)
                    self._path.rename(plain_part(self._path, last + 1))
        except OSError as error:
            self._on_problem(f"setting {self._path} aside", error)
            return False
        return is_alone

    def tidy(self) -> None:
        """Packs what was set aside, and gives up the oldest parts but the first until the rest fit."""
        try:
            for part in parts_of(self._path):
                if part.suffix != ".gz":
                    _pack(part)
            self._give_up()
        except OSError as error:
            self._on_problem(f"packing parts of {self._path}", error)

    def _give_up(self) -> None:
        first, *others = parts_of(self._path)
        taken = sum(part.stat().st_size for part in (first, *others))
        while taken > self._half and len(others) > 1:
            oldest = others.pop(0)
            taken -= oldest.stat().st_size
            oldest.unlink()


def _pack(part: Path) -> None:
    """Packs a part; a reader sees the one or the other, never half of it."""
    unfinished = part.with_name(part.name + ".tmp")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with (
        part.open("rb") as plain,
        os.fdopen(descriptor, "wb") as file,
        gzip.GzipFile("", "wb", _EFFORT, file) as packed,
    ):
        shutil.copyfileobj(plain, packed, _CHUNK_BYTES)
    unfinished.replace(packed_part(part))
    part.unlink()
