"""What kind of file it is, by its looks: a log or a run JSON; anything else is refused in one line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import msgspec

from verbose_logging.errors import LogError
from verbose_logging.reading.files.blocks import OnPosition, opened, unheard
from verbose_logging.reading.files.lines import UNREADABLE
from verbose_logging.reading.files.problems import LineProblems
from verbose_logging.reading.files.run_json import DocumentScan, is_run_document
from verbose_logging.reading.files.scan import Item, LogScan

_LOOKED_AT = 1 << 16
_BOM_8, _BOMS_16 = b"\xef\xbb\xbf", (b"\xff\xfe", b"\xfe\xff")
_MOST_STRANGE = 0.3


class Scan(Protocol):
    """One pass over a file."""

    problems: LineProblems

    def __iter__(self) -> Iterator[Item]:
        """Yields what stands in it."""


def scan_of(path: Path, on_position: OnPosition = unheard) -> Scan:
    """Returns a pass over a log or a run JSON.

    Args:
        path: The file.
        on_position: Told now and then how many bytes of the file have been read.

    Raises:
        LogError: The file cannot be opened, or is neither.
    """
    return LogScan(path, on_position) if is_log(path) else DocumentScan(path, on_position)


def is_log(path: Path) -> bool:
    """Tells a log from a run JSON.

    Raises:
        LogError: The file cannot be opened, or is neither.
    """
    head = _head(path)
    refuse_strange(path, head)
    return not _is_document(head)


def _head(path: Path) -> bytes:
    try:
        with opened(path) as (stream, _):
            return stream.read1(_LOOKED_AT).removeprefix(_BOM_8)
    except (OSError, EOFError) as error:
        raise LogError(f"{path}: {error}") from error


def refuse_strange(path: Path, head: bytes) -> None:
    """Refuses what is no text in UTF-8, or text of another kind, by its first bytes.

    Raises:
        LogError: The file is empty, binary, UTF-16, or a JSON array.
    """
    if not head:
        raise LogError(f"{path}: the file is empty")
    if head.startswith(_BOMS_16):
        raise LogError(f"{path}: UTF-16; convert it: iconv -f UTF-16 -t UTF-8")
    if head.lstrip().startswith(b"["):
        raise LogError(f"{path}: a JSON array, not a log of one JSON object a line; convert it: jq -c '.[]'")
    text = head.decode(errors="replace")
    strange = sum(char == "\ufffd" or (char < " " and char not in "\t\r\n\0") for char in text)
    if strange > _MOST_STRANGE * len(text) and b'"type"' not in head:
        raise LogError(f"{path}: binary, not a log")


def _is_document(head: bytes) -> bool:
    """Tells a document by its first line: an opening brace alone, or all of the run."""
    first, _, rest = head.partition(b"\n")
    if first.strip() == b"{" and rest:
        return True
    try:
        return is_run_document(msgspec.json.decode(first))
    except UNREADABLE:
        return b'"training_iterations"' in first
