"""The log's own error log: what could not be written, and why. It exists only once there was something to say."""

from __future__ import annotations

import contextlib
import os
from datetime import datetime, timedelta, timezone
from pathlib import Path

from verbose_logging.inspection.redaction import redact_text
from verbose_logging.protocols import Clock
from verbose_logging.sinks.files.regular_file import open_regular, write_all

_QUIET_SECONDS = 60.0


class ErrorLog:
    """A text file of dated lines, at most one a minute of each kind, without secrets. Never raises.

    Args:
        path: The file; for the owner alone where it is made.
        clock: Dates the lines.
    """

    def __init__(self, path: Path, *, clock: Clock) -> None:
        self.path = path.absolute()
        self._clock = clock
        self._written_at: dict[str, float] = {}
        self._kept_back: dict[str, int] = {}

    def note(self, kind: str, text: str) -> bool:
        """Writes a line, unless one of its kind was written within the last minute: that one is only counted.

        Args:
            kind: What the line is about; the key of the limit.
            text: The rest. Further lines of it are indented; control characters are escaped.

        Returns:
            Whether the text stands in the file.
        """
        now = self._clock.monotonic()
        if now - self._written_at.get(kind, -_QUIET_SECONDS) < _QUIET_SECONDS:
            self._kept_back[kind] = self._kept_back.get(kind, 0) + 1
            return False
        self._written_at[kind] = now
        kept_back = self._kept_back.pop(kind, 0)
        suffix = f" ({kept_back} more like this since the last line)" if kept_back else ""
        return self._write(f"{self._date()} pid {os.getpid()} {kind}: {text}{suffix}")

    def _write(self, text: str) -> bool:
        with contextlib.suppress(Exception):
            descriptor = open_regular(self.path)
            try:
                write_all(descriptor, _printable(redact_text(text)).encode() + b"\n")
            finally:
                os.close(descriptor)
            return True
        return False

    def _date(self) -> str:
        zone = timezone(timedelta(seconds=round(self._clock.utc_offset_seconds())))
        return datetime.fromtimestamp(self._clock.wall(), zone).isoformat(timespec="milliseconds")


def _printable(text: str) -> str:
    escaped = (
        "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in line)
        for line in text.splitlines()
    )
    return "\n    ".join(escaped)
