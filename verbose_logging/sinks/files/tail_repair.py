"""Makes a log end where a line ends, whatever cut it short."""

from __future__ import annotations

import os

import msgspec

from verbose_logging.sinks.files.file_lock import alone

_LONGEST_LINE_BYTES = 4 << 20


def repair_tail(descriptor: int) -> bytes:
    """Returns the fragment that was cut off the end of the file, `b""` where nothing had to go.

    A last line that only lacks its newline gets it. A cut entry goes, if nobody else writes the file; where somebody
    might, or where the fragment is none of ours, it gets a newline too, and readers skip it as a bad line.

    Raises:
        OSError: The file cannot be read or changed.
    """
    if _last_line(descriptor, max_bytes=1) == b"":
        return b""
    with alone(descriptor) as nobody_else_writes:
        fragment = _last_line(descriptor, max_bytes=_LONGEST_LINE_BYTES)
        if nobody_else_writes and _is_cut_entry(fragment):
            os.ftruncate(descriptor, _size(descriptor) - len(fragment))
            return fragment
        if fragment:
            os.write(descriptor, b"\n")
    return b""


def _last_line(descriptor: int, *, max_bytes: int) -> bytes:
    """Returns what follows the last newline, or the last `max_bytes` of it."""
    length = min(max_bytes, _size(descriptor))
    os.lseek(descriptor, -length, os.SEEK_END)
    return os.read(descriptor, length).rpartition(b"\n")[2]


def _is_cut_entry(fragment: bytes) -> bool:
    if not fragment.startswith(b"{") or len(fragment) == _LONGEST_LINE_BYTES:
        return False
    try:
        msgspec.json.decode(fragment)
    except msgspec.DecodeError:
        return True
    return False


def _size(descriptor: int) -> int:
    return os.fstat(descriptor).st_size
