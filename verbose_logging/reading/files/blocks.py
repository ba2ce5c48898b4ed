"""The lines of a file, many at a time: what makes reading a million of them fast."""

from __future__ import annotations

import contextlib
import gzip
import stat
import zlib
from collections.abc import Callable, Iterator
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import NamedTuple, TypeAlias, cast

from verbose_logging.errors import LogError
from verbose_logging.log_parts import parts_of

GZIP_MAGIC = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"
_BLOCK_BYTES = 1 << 18
LONGEST_LINE = 64 << 20
OnPosition: TypeAlias = Callable[[int], None]
_KEPT_OF_TOO_LONG = 256


def unheard(_position: int) -> None:
    """Hears how far reading has come, where nobody wants to know."""


class Block(NamedTuple):
    """Some lines of a file, in a row.

    Args:
        first: The number of the first one, 1-based.
        lines: Their bytes with the line ends; the last line of the file may lack its own. Of a line over 64 MiB only
            the beginning.
        damage: Why the file cannot be read from here on; such a block is the last and has one line, an empty one.
    """

    first: int
    lines: list[bytes]
    damage: str = ""


@contextlib.contextmanager
def opened(path: Path) -> Iterator[tuple[BufferedReader, BufferedReader]]:
    """Opens a regular file, through gzip where its first bytes say so.

    Returns:
        The stream to read, and the file itself, whose position tells how far reading has come.

    Raises:
        LogError: It cannot be opened, or is no regular file.
    """
    try:
        # opening a pipe waits for its writer, which may never come
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            raise LogError(f"{path}: {'a folder, not a file' if stat.S_ISDIR(mode) else 'not a regular file'}")
        file = path.open("rb")
    except OSError as error:
        raise LogError(f"{path}: {error.strerror or error}") from error
    with file:
        if file.peek(len(GZIP_MAGIC)).startswith(GZIP_MAGIC):
            with gzip.open(file) as archive:
                yield cast(BufferedReader, archive), file
        else:
            yield file, file


def line_blocks(path: Path, on_position: OnPosition = unheard) -> Iterator[Block]:
    """Yields the lines of a log and, before them, of the parts that were set aside from it; numbered as one file.

    Args:
        path: The log, or one part of it.
        on_position: Told after each block how many bytes of the log itself have been read.

    Raises:
        LogError: A file cannot be opened, or is no regular one (a pipe, a device).
    """
    first = 1
    for part in (*parts_of(path), path):
        for block in file_blocks(part, on_position if part == path else unheard):
            yield block._replace(first=first)
            first += len(block.lines)


def file_blocks(path: Path, on_position: OnPosition = unheard) -> Iterator[Block]:
    """Yields the lines of a file; one that cannot be read to its end gives those before the damage, and then it.

    Args:
        path: The file.
        on_position: Told after each block how many bytes of the file have been read.

    Raises:
        LogError: The file cannot be opened, or is no regular one (a pipe, a device).
    """
    first = 1
    with opened(path) as (stream, file):
        try:
            for lines in _split(stream):
                if first == 1:
                    lines[0] = lines[0].removeprefix(_BOM)
                yield Block(first, lines)
                first += len(lines)
                on_position(file.tell())
        except (OSError, EOFError, zlib.error) as error:
            yield Block(first, [b""], damage=f"the file is damaged from here on: {error}")


def _split(stream: BufferedReader) -> Iterator[list[bytes]]:
    """Yields lines, whatever the borders of what is read at once."""
    rest = _Rest()
    while chunk := stream.read1(_BLOCK_BYTES):  # what can be read of a damaged archive, not all or nothing
        lines = BytesIO(chunk).readlines()  # twice as fast as split
        rest.add(lines[0])
        if not lines[0].endswith(b"\n"):
            continue
        lines[0] = rest.take()
        if not lines[-1].endswith(b"\n"):
            rest.add(lines.pop())
        yield lines
    if rest.size:
        yield [rest.take()]


class _Rest:
    """The beginning of a line whose end has not been read yet."""

    def __init__(self) -> None:
        self.size = 0
        self._parts: list[bytes] = []

    def add(self, part: bytes) -> None:
        """Adds what follows."""
        self.size += len(part)
        if self.size <= LONGEST_LINE:
            self._parts.append(part)

    def take(self) -> bytes:
        """Returns the line, and begins the next one."""
        line = b"".join(self._parts)
        is_too_long = self.size > LONGEST_LINE
        self.size, self._parts = 0, []
        return line[:_KEPT_OF_TOO_LONG] + b"\n" if is_too_long else line
