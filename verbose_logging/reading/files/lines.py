"""The lines of a log file, as bytes and numbered, and what one of them holds.

Tolerant by design: a byte-order mark, CRLF, a gzip file, a line that is still being written and a damaged archive are
all met in practice. Nothing here raises but `LogError`, when a file cannot be opened at all or is no regular one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from verbose_logging.reading.files.blocks import Block, OnPosition, file_blocks, line_blocks, unheard

# what msgspec raises on bytes that anyone may have written: not JSON, not of the type, not UTF-8, nested too deeply
UNREADABLE: tuple[type[Exception], ...] = (msgspec.MsgspecError, ValueError, RecursionError)


class Line(NamedTuple):
    """One line of a file.

    Args:
        number: 1-based.
        content: Its bytes, without the line end.
        whole: Whether a line end follows; `False` only for the last one.
        damage: Why the file cannot be read from here on; such a line is the last and has no content.
    """

    number: int
    content: bytes
    whole: bool
    damage: str = ""

    @property
    def is_blank(self) -> bool:
        """Whether nothing stands on the line."""
        return not self.damage and not self.content.strip()


class BrokenLineError(ValueError):
    """A line that holds no entry; the text says why."""


def numbered_lines(path: Path, on_position: OnPosition = unheard) -> Iterator[Line]:
    """Returns the lines of a file; one that cannot be read to its end gives those before the damage, and then it.

    Args:
        path: The file.
        on_position: Told now and then how many bytes of the file have been read.

    Raises:
        LogError: The file cannot be opened, or is no regular one (a pipe, a device).
    """
    for block in file_blocks(path, on_position):
        yield from lines_of(block)


def log_lines(path: Path) -> Iterator[Line]:
    """Returns the lines of a log, those of the parts that were set aside from it first.

    Raises:
        LogError: A file cannot be opened, or is no regular one (a pipe, a device).
    """
    for block in line_blocks(path):
        yield from lines_of(block)


def lines_of(block: Block) -> Iterator[Line]:
    """Returns the lines of a block, one by one."""
    for number, raw in enumerate(block.lines, start=block.first):
        yield line_of(number, raw, block.damage)


def line_of(number: int, raw: bytes, damage: str = "") -> Line:
    """Returns a line of a block."""
    return Line(number, raw.rstrip(b"\r\n"), whole=raw.endswith(b"\n"), damage=damage)


def parse_object(line: Line) -> dict[str, Any]:
    """Returns the object that a line holds; the tokens NaN and Infinity, which other tools write, become floats.

    Raises:
        BrokenLineError: The line holds no JSON object.

    Example:
        >>> parse_object(Line(1, b'{"loss": NaN}', whole=True))
        {'loss': nan}
    """
    if line.damage:
        raise BrokenLineError(line.damage)
    try:
        value = _parse(line.content)
    except (ValueError, RecursionError) as error:
        raise BrokenLineError(_reason(line)) from error
    if not isinstance(value, dict):
        raise BrokenLineError("no JSON object")
    return value


def _parse(content: bytes) -> Any:
    """Returns the value, by the fast and strict parser where that will do; bytes that are no UTF-8 are replaced."""
    try:
        return msgspec.json.decode(content)
    except UNREADABLE:
        return json.loads(content.decode(errors="replace"))


def _reason(line: Line) -> str:
    """Returns why a line could not be parsed, in words for people."""
    if not line.whole:
        return "the last line is cut"
    if not line.content.strip(b"\x00"):
        return "only NUL bytes, as a power loss leaves them"
    return "not valid JSON"
