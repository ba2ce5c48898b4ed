"""Where things go when the log does not take them: the error log, a spill file, and one line on stderr at last."""

from __future__ import annotations

import contextlib
import logging
import os
import traceback
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeAlias

from verbose_logging.protocols import Clock
from verbose_logging.sinks.files.error_log import ErrorLog
from verbose_logging.sinks.files.spill import spill_beside, spill_elsewhere, spill_into

Spill: TypeAlias = Callable[[Path, Sequence[bytes]], Path]

ERROR_LOG_NAME = "verbose_logging_errors.log"
_FRAGMENT_CHARACTERS = 2000


def _warn(text: str) -> None:
    logging.getLogger("verbose_logging").warning(text)


def _to_stderr(line: bytes) -> None:
    os.write(2, line)  # sys.stderr can be locked for ever while the interpreter ends


class Fallback:
    """Tells people about trouble with the log, and keeps what it did not take. Never raises. One serves all files.

    Args:
        folder: Where the error log goes: the folder of the main log.
        clock: Dates the lines of the error log.
        temporary_folder: Where a spill goes if the log's folder takes none; `None` for the system's.
        warn: Tells the user; through the standard library's logger `verbose_logging`.
        last_words: Takes the line for which nothing else is left; writes it to stderr.
    """

    def __init__(
        self,
        folder: Path,
        *,
        clock: Clock,
        temporary_folder: Path | None = None,
        warn: Callable[[str], None] = _warn,
        last_words: Callable[[bytes], None] = _to_stderr,
    ) -> None:
        self._errors = ErrorLog(folder / ERROR_LOG_NAME, clock=clock)
        self._temporary_folder = temporary_folder
        self._warn = warn
        self._last_words = last_words
        self._has_warned = False
        self._spills: dict[Path, Path] = {}

    def problem(self, what: str, error: Exception) -> None:
        """Notes a part's failure, with its traceback."""
        self._errors.note(what, "".join(traceback.format_exception(error)).rstrip())

    def failing(self, path: Path, error: OSError, *, lines_waiting: int) -> None:
        """Notes that a file takes no lines; the first time, one warning tells the user."""
        text = f"{_reason(error)}; {lines_waiting} lines wait in memory"
        self._errors.note(f"cannot write {path}", text)
        if not self._has_warned:
            self._has_warned = True
            with contextlib.suppress(Exception):
                self._warn(f"cannot write {path}: {_reason(error)}; training goes on, entries wait in memory")

    def recovered(self, path: Path, *, lines_dropped: int) -> None:
        """Notes that a file takes lines again, and how many were lost in all."""
        self._errors.note(f"writing {path} again", f"{lines_dropped} lines were dropped so far")

    def dropping(self, path: Path, *, lines_dropped: int) -> None:
        """Notes that too many lines wait and new ones are lost."""
        self._errors.note(f"memory for {path} is full", f"{lines_dropped} lines were dropped so far")

    def fragment_cut(self, path: Path, fragment: bytes) -> None:
        """Notes the end of a file that was cut off because its writer died within a line."""
        text = fragment[:_FRAGMENT_CHARACTERS].decode(errors="backslashreplace")
        self._errors.note(f"cut a torn line of {len(fragment)} bytes off {path}", text)

    def keep(self, path: Path, lines: Sequence[bytes]) -> bool:
        """Returns whether a spill file holds a copy of lines that still wait for their own file."""
        target = self._spill(path, lines)
        if target is not None:
            self._errors.note(f"copying what waits for {path}", f"{_fate(len(lines), target)} as well")
        return target is not None

    def forget(self, path: Path) -> None:
        """Removes the spill file of a file that has taken all of its lines."""
        if (target := self._spills.pop(path, None)) is not None:
            with contextlib.suppress(OSError):
                target.unlink()

    def undelivered(
        self, path: Path, lines: Sequence[bytes], *, kept: int = 0, reason: OSError | None, lines_dropped: int = 0
    ) -> None:
        """Saves lines that the file never took: beside it, else in a temporary folder, else says that they are lost.

        Args:
            path: The file.
            lines: All of them.
            kept: How many of them, the first ones, lie in the spill file already.
            reason: Why it took none.
            lines_dropped: How many were lost before.
        """
        target = self._spill(path, lines[kept:])
        text = f"{_fate(len(lines), target)}, {lines_dropped} were dropped before: {_reason(reason)}"
        noted = self._errors.note(f"undelivered to {path}", text)
        if target is None or not noted:
            self._say(f"undelivered to {path}: {text}")

    def rescue(self, path: Path, lines: Sequence[bytes]) -> None:
        """Saves lines from a disk that hangs: in a temporary folder, without a look at the log's own."""
        target = _first_that_works((self._spill_elsewhere,), path, lines)
        self._say(f"undelivered to {path}: {_fate(len(lines), target)}: the disk does not answer")

    def out_of_time(self, waiting: int, *, dropped: int) -> None:
        """Says how many observations still wait to be turned into entries at the very end, and how many had no room."""
        before = f", and {dropped:,} were dropped before" if dropped else ""
        self._say(f"the log ends here: no time was left for the last {waiting:,} observations{before}")

    def _spill(self, path: Path, lines: Sequence[bytes]) -> Path | None:
        """Returns the spill file that now holds the lines, the one that has been in use if there is one."""
        again = [partial(spill_into, self._spills[path])] if path in self._spills else []
        target = _first_that_works((*again, spill_beside, self._spill_elsewhere), path, lines)
        if target is not None:
            self._spills[path] = target
        return target

    def _spill_elsewhere(self, path: Path, lines: Sequence[bytes]) -> Path:
        return spill_elsewhere(path, lines, temporary_folder=self._temporary_folder)

    def _say(self, text: str) -> None:
        with contextlib.suppress(Exception):
            self._last_words(f"verbose_logging: {text}\n".encode(errors="backslashreplace"))


def _first_that_works(ways: Sequence[Spill], path: Path, lines: Sequence[bytes]) -> Path | None:
    for spill in ways:
        with contextlib.suppress(Exception):
            return spill(path, lines)
    return None


def _fate(count: int, target: Path | None) -> str:
    return f"{count} lines are lost" if target is None else f"{count} lines are in {target}"


def _reason(error: OSError | None) -> str:
    if error is None:
        return "no reason known"
    number = "" if error.errno is None else f" (errno {error.errno})"
    return f"{error.strerror or error}{number}"
