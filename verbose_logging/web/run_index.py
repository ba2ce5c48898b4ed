"""Which runs there are below a folder, and in which log each one stands.

A log that has been read is only read on from where it had been read to, so a listing costs what is new.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from verbose_logging.reading.fields import text_at
from verbose_logging.reading.files.lines import BrokenLineError, Line, parse_object
from verbose_logging.reading.files.locate import logs_below

_START = b'{"type":"training_start"'


class _Scanned(NamedTuple):
    inode: int
    bytes_read: int
    run_ids: tuple[str, ...]


class RunIndex:
    """Finds runs by their id.

    Args:
        log_dir: Searched with the folders in it.
    """

    def __init__(self, log_dir: Path) -> None:
        self._log_dir = log_dir
        self._scanned: dict[Path, _Scanned] = {}
        self._lock = threading.Lock()

    def runs(self) -> dict[str, Path]:
        """Returns the log of each run, by the run's id; the log that was written to last comes last."""
        with self._lock:
            logs = [path for path in logs_below(self._log_dir) if path.suffix == ".jsonl"]
            self._scanned = {path: self._scan(path) for path in sorted(logs, key=_changed_at)}
            return {run_id: path for path, scanned in self._scanned.items() for run_id in scanned.run_ids}

    def _scan(self, path: Path) -> _Scanned:
        known = self._scanned.get(path, _Scanned(0, 0, ()))
        try:
            with path.open("rb") as file:
                status = path.stat()
                if status.st_ino != known.inode or status.st_size < known.bytes_read:
                    known = _Scanned(status.st_ino, 0, ())
                file.seek(known.bytes_read)
                return _read_on(known, file)
        except OSError:  # removed or forbidden meanwhile
            return known


def _read_on(known: _Scanned, lines: Iterable[bytes]) -> _Scanned:
    bytes_read, run_ids = known.bytes_read, dict.fromkeys(known.run_ids)
    for line in lines:
        if not line.endswith(b"\n"):
            break
        bytes_read += len(line)
        run_id = _run_id(line) if line.startswith(_START) else None
        run_ids |= {run_id: None} if run_id else {}
    return _Scanned(known.inode, bytes_read, tuple(run_ids))


def _run_id(line: bytes) -> str | None:
    try:
        return text_at(parse_object(Line(0, line, whole=True)), "run_id")
    except BrokenLineError:
        return None


def _changed_at(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
