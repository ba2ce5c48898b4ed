from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verbose_logging.sinks.files.file_lock import share
from verbose_logging.sinks.files.regular_file import open_regular
from verbose_logging.sinks.files.tail_repair import repair_tail

fcntl = pytest.importorskip("fcntl", reason="this system has no flock")


@pytest.fixture
def repaired(tmp_path: Path) -> Iterator[Callable[[bytes], tuple[bytes, bytes]]]:
    """Yields a function from a file's content to the fragment cut off it and the content then."""

    def repair(content: bytes) -> tuple[bytes, bytes]:
        return repaired_at(tmp_path / "log.jsonl", content)

    return repair


def repaired_at(path: Path, content: bytes) -> tuple[bytes, bytes]:
    """Returns the fragment cut off a file of that content, and the content then."""
    path.write_bytes(content)
    descriptor = open_regular(path)
    try:
        return repair_tail(descriptor), path.read_bytes()
    finally:
        os.close(descriptor)


@pytest.mark.parametrize(
    ("content", "fragment", "then"),
    [
        (b"", b"", b""),
        (b'{"a":1}\n', b"", b'{"a":1}\n'),
        (b'{"a":1}\n{"a":2}', b"", b'{"a":1}\n{"a":2}\n'),
        (b'{"a":1}\n{"a"', b'{"a"', b'{"a":1}\n'),
        (b'{"a"', b'{"a"', b""),
        (b"my notes\nno newline", b"", b"my notes\nno newline\n"),
        (b'{"a":1}\n\x00\x00', b"", b'{"a":1}\n\x00\x00\n'),
    ],
)
def test_file_ends_where_a_line_ends(
    repaired: Callable[[bytes], tuple[bytes, bytes]], content: bytes, fragment: bytes, then: bytes
) -> None:
    """A cut entry goes, a whole one gets its newline, and foreign text is kept."""
    assert (fragment, then) == repaired(content)


def test_nothing_is_cut_while_somebody_else_writes(tmp_path: Path) -> None:
    """With another writer at the file, a fragment is ended by a newline, since it may be that one's line."""
    path = tmp_path / "log.jsonl"
    path.touch()
    other = open_regular(path)
    share(other)
    assert (b"", b'{"a"\n') == repaired_at(path, b'{"a"')
    os.close(other)
    assert (b'{"b"', b'{"a"\n') == repaired_at(path, b'{"a"\n{"b"')


def test_shared_lock_is_held_after_the_repair(tmp_path: Path) -> None:
    """Whoever repaired is a writer: nobody else is alone with the file then."""
    path = tmp_path / "log.jsonl"
    path.write_bytes(b'{"a"')
    mine, other = open_regular(path), open_regular(path)
    repair_tail(mine)
    with pytest.raises(BlockingIOError):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(mine)
    os.close(other)


def test_fragment_longer_than_any_line_is_kept(repaired: Callable[[bytes], tuple[bytes, bytes]]) -> None:
    """What is too long to be a line of ours is not cut."""
    content = b"{" + b"x" * (5 << 20)
    assert (b"", content + b"\n") == repaired(content)


@given(cut=st.integers(0, 26))
def test_whole_lines_survive_a_cut_anywhere(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    """Wherever a log is cut, its whole lines stay, and every line is whole."""
    content = b'{"a":1}\n{"b":"\xc3\xa4"}\n{"c":3}\n'[:cut]
    _, then = repaired_at(tmp_path_factory.mktemp("cut") / "log.jsonl", content)
    whole = [line for line in content.split(b"\n") if line.endswith(b"}")]
    assert whole == then.splitlines()
    assert then == b"" or then.endswith(b"\n")
