"""Logs that are set aside when they are full: the bound, what is kept, and that readers see one log."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from verbose_logging.log_parts import parts_of
from verbose_logging.reading.reader import LogReader
from verbose_logging.sinks.fallback import Fallback
from verbose_logging.sinks.files.append_file import AppendFile
from verbose_logging.sinks.files.rotation import Rotation
from verbose_logging.testing import ManualClock

MAX_BYTES = 20_000
HALF = MAX_BYTES // 2


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Returns where the log goes."""
    return tmp_path / "run.jsonl"


def writer(path: Path, problems: list[str] | None = None) -> AppendFile:
    """Returns a file with a bound."""
    told = [] if problems is None else problems
    rotation = Rotation(path, max_bytes=MAX_BYTES, on_problem=lambda what, _error: told.append(what))
    clock = ManualClock()
    return AppendFile(path, clock=clock, fallback=Fallback(path.parent, clock=clock), rotation=rotation)


def write(file: AppendFile, numbers: range, *, padding: str = "") -> None:
    """Writes a line of about 100 bytes for each number, each by itself."""
    for number in numbers:
        file.append(f'{{"type": "note", "number": {number}, "padding": "{padding or "x" * 60}"}}\n'.encode())
        file.flush()


def noise(length: int) -> str:
    """Returns characters that do not pack."""
    return os.urandom(length // 2).hex()


def numbers_in(path: Path) -> list[int]:
    """Returns what a reader finds in the log, in its order."""
    return [entry["number"] for entry in LogReader(path)]


def test_a_full_log_is_set_aside_and_packed(path: Path) -> None:
    """The log stays under half of the bound; what was in it lies beside it, packed, for the owner alone."""
    write(writer(path), range(250))
    parts = parts_of(path)

    assert ["run.jsonl.1.gz", "run.jsonl.2.gz"] == [part.name for part in parts]
    assert path.stat().st_size <= HALF
    assert {0o600} == {part.stat().st_mode & 0o777 for part in parts}
    assert len(gzip.decompress(parts[0].read_bytes())) <= HALF


def test_a_reader_sees_one_log(path: Path) -> None:
    """Parts first, in their order, then the log itself."""
    write(writer(path), range(300))

    assert list(range(300)) == numbers_in(path)


def test_the_bound_holds_and_the_first_part_stays(path: Path) -> None:
    """Of what does not pack, the middle goes: the first part says what was trained, the last ones how it goes."""
    file = writer(path)
    for number in range(1000):
        write(file, range(number, number + 1), padding=noise(60))
    taken = sum(each.stat().st_size for each in (path, *parts_of(path)))
    numbers = numbers_in(path)

    assert taken <= MAX_BYTES
    assert (0, 999) == (numbers[0], numbers[-1])
    assert sorted(numbers) == numbers
    assert len(numbers) < 1000


def test_a_part_that_was_not_packed_is_read_and_packed_later(path: Path) -> None:
    """A process that dies while packing leaves a plain part, and loses nothing."""
    write(writer(path), range(50))
    path.rename(path.with_name("run.jsonl.1"))
    file = writer(path)
    write(file, range(50, 60))
    assert list(range(60)) == numbers_in(path)
    write(file, range(60, 200))

    assert ["run.jsonl.1.gz", "run.jsonl.2.gz"] == [part.name for part in parts_of(path)]
    assert list(range(200)) == numbers_in(path)


def test_a_log_that_others_write_is_left_where_it_is(path: Path) -> None:
    """Two writers, one file: neither takes it away from the other."""
    first, second = writer(path), writer(path)
    write(first, range(1))
    write(second, range(1, 2))
    write(first, range(2, 300))

    assert [] == parts_of(path)
    assert list(range(300)) == numbers_in(path)


def test_what_cannot_be_set_aside_is_told_and_goes_on(path: Path) -> None:
    """The next part's name is taken by a folder: the log grows on, and no line is lost."""
    problems: list[str] = []
    path.with_name("run.jsonl.1").mkdir()
    (path.with_name("run.jsonl.1") / "file").touch()
    write(writer(path, problems), range(200))

    assert list(range(200)) == numbers_in(path)
    assert f"setting {path} aside" in problems
