"""The lines of a log file, as bytes and numbered, and what one of them holds.

Tolerant by design: a byte-order mark, CRLF, a gzip file, a line that is still being written and a damaged archive are
all met in practice. Nothing here raises but `LogError`, when a file cannot be opened at all or is no regular one.
"""

from __future__ import annotations

import codecs
import contextlib
import gzip
import json
import stat
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

import msgspec

from verbose_logging.errors import LogError

_GZIP_MAGIC = b"\x1f\x8b"


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


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """Opens the file, through gzip where its first bytes say so."""
    try:
        # opening a pipe waits for its writer, which may never come
        if not stat.S_ISREG(path.stat().st_mode):
            raise LogError(f"{path}: not a regular file")
        file = path.open("rb")
    except OSError as error:
        raise LogError(f"{path}: {error.strerror or error}") from error
    with file:
        if file.peek(len(_GZIP_MAGIC)).startswith(_GZIP_MAGIC):
            with gzip.open(file) as archive:
                yield cast(BinaryIO, archive)
        else:
            yield file


def numbered_lines(path: Path) -> Iterator[Line]:
    """Returns the lines of a file; one that cannot be read to its end gives those before the damage, and then it.

    Raises:
        LogError: The file cannot be opened, or is no regular one (a pipe, a device).
    """
    number = 0
    with _opened(path) as stream:
        try:
            for number, raw in enumerate(stream, start=1):
                content = raw.removeprefix(codecs.BOM_UTF8) if number == 1 else raw
                yield Line(number, content.rstrip(b"\r\n"), whole=raw.endswith(b"\n"))
        except (OSError, EOFError, zlib.error) as error:
            yield Line(number + 1, b"", whole=False, damage=f"the file is damaged from here on: {error}")


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
    """Returns the value, by the fast and strict parser where that will do."""
    try:
        return msgspec.json.decode(content)
    except msgspec.DecodeError:
        return json.loads(content)


def _reason(line: Line) -> str:
    """Returns why a line could not be parsed, in words for people."""
    if not line.whole:
        return "the last line is cut"
    if not line.content.strip(b"\x00"):
        return "only NUL bytes, as a power loss leaves them"
    return "not valid JSON"
