from __future__ import annotations

import gzip
import math
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from verbose_logging.errors import LogError
from verbose_logging.reading.files.lines import Line, parse_object
from verbose_logging.reading.files.problems import PROBLEMS_KEPT, Problem
from verbose_logging.reading.reader import LogReader, read_entries


def _written(folder: Path, content: bytes) -> Path:
    path = folder / "log.jsonl"
    path.write_bytes(content)
    return path


def test_entries_come_in_order(tmp_path: Path) -> None:
    """Each line gives its entry."""
    path = _written(tmp_path, b'{"a": 1}\n{"a": 2}\n')

    assert [{"a": 1}, {"a": 2}] == list(read_entries(path))


def test_broken_lines_are_skipped_and_named(tmp_path: Path) -> None:
    """What cannot be read costs its own line only, and the reader says which and why."""
    path = _written(tmp_path, b'{"a": 1}\nnonsense\n[1]\n\x00\x00\n\n{"a": 2}\n{"a": ')
    reader = LogReader(path)

    assert [{"a": 1}, {"a": 2}] == list(reader)
    assert [
        Problem(2, "not valid JSON"),
        Problem(3, "no JSON object"),
        Problem(4, "only NUL bytes, as a power loss leaves them"),
        Problem(7, "the last line is cut"),
    ] == reader.problems
    assert 4 == reader.skipped


def test_an_iteration_starts_anew(tmp_path: Path) -> None:
    """Reading twice gives the same entries and counts no problem twice."""
    reader = LogReader(_written(tmp_path, b'x\n{"a": 1}\n'))

    assert list(reader) == list(reader)
    assert 1 == reader.skipped


def test_windows_line_ends_and_a_byte_order_mark_do_not_matter(tmp_path: Path) -> None:
    """A file that went through a Windows editor reads the same."""
    path = _written(tmp_path, b'\xef\xbb\xbf{"a": 1}\r\n{"a": 2}\r\n')

    assert [{"a": 1}, {"a": 2}] == list(read_entries(path))


def test_a_last_line_without_an_end_counts_when_it_is_whole(tmp_path: Path) -> None:
    """An object that ends is an entry, line end or not."""
    assert [{"a": 1}] == list(read_entries(_written(tmp_path, b'{"a": 1}')))


def test_tokens_of_other_tools_become_floats(tmp_path: Path) -> None:
    """NaN and Infinity, which are not JSON, are read as what they mean."""
    (entry,) = read_entries(_written(tmp_path, b'{"nan": NaN, "low": -Infinity}\n'))

    assert math.isnan(entry["nan"])
    assert -math.inf == entry["low"]


def test_a_compressed_log_reads_like_a_plain_one(tmp_path: Path) -> None:
    """Gzip is recognised by its first bytes, whatever the name."""
    assert [{"a": 1}] == list(read_entries(_written(tmp_path, gzip.compress(b'{"a": 1}\n'))))


def test_a_damaged_archive_gives_what_stands_before_the_damage(tmp_path: Path) -> None:
    """A cut gzip file is read up to the cut, and the cut is reported."""
    lines = b"".join(b'{"a": %d}\n' % number for number in range(5000))
    reader = LogReader(_written(tmp_path, gzip.compress(lines)[:-2000]))

    found = list(reader)

    assert [{"a": number} for number in range(len(found))] == found
    assert 0 < len(found) < 5000
    assert "damaged from here on" in reader.problems[-1].what


def test_deep_nesting_is_a_broken_line(tmp_path: Path) -> None:
    """A hostile line cannot exhaust the stack."""
    reader = LogReader(_written(tmp_path, b'{"a":' + b"[" * 100_000 + b'\n{"b": 1}\n'))

    assert [{"b": 1}] == list(reader)


def test_the_problems_kept_are_bounded(tmp_path: Path) -> None:
    """A file that is no log at all costs no more memory than one that is."""
    reader = LogReader(_written(tmp_path, b"x\n" * (PROBLEMS_KEPT + 5)))

    assert [] == list(reader)
    assert (PROBLEMS_KEPT, PROBLEMS_KEPT + 5) == (len(reader.problems), reader.skipped)


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    """A missing file is a LogError with its path."""
    with pytest.raises(LogError, match=r"absent\.jsonl: No such file"):
        list(read_entries(tmp_path / "absent.jsonl"))


@given(cut=st.integers(min_value=0))
def test_a_log_cut_anywhere_gives_every_whole_entry(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    """However a crash cuts the file, what was written whole is read, and nothing else."""
    entries: list[dict[str, Any]] = [{"step": number, "message": '✅ \\ " {}'} for number in range(4)]
    lines = [msgspec.json.encode(entry) + b"\n" for entry in entries]
    content = b"".join(lines)
    kept = content[: cut % (len(content) + 1)]
    whole = sum(len(b"".join(lines[: number + 1])) - 1 <= len(kept) for number in range(len(lines)))

    assert entries[:whole] == list(read_entries(_written(tmp_path_factory.mktemp("cut"), kept)))


@given(content=st.binary(max_size=200))
def test_any_line_is_an_object_or_a_broken_line(content: bytes) -> None:
    """No bytes whatever make the parser raise anything but its own refusal."""
    try:
        value = parse_object(Line(1, content, whole=True))
    except ValueError:
        return

    assert isinstance(value, dict)
