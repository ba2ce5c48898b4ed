"""A damaged log, repaired as a copy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from verbose_logging.errors import LogError
from verbose_logging.reading.repair import repair_log
from verbose_logging.reading.validate import validate_log


def repaired(path: Path, content: bytes) -> tuple[Any, list[dict[str, Any]]]:
    """Returns what a repair of such a log did, and the entries of the copy."""
    path.write_bytes(content)
    done = repair_log(path)
    assert content == path.read_bytes()
    assert validate_log(done.copy).is_valid
    return done, [json.loads(line) for line in Path(done.copy).read_bytes().splitlines()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Returns a place for a log."""
    return tmp_path / "log.jsonl"


def test_a_good_log_is_copied_as_it_is(path: Path, full_run: Any) -> None:
    """Byte for byte."""
    done, _ = repaired(path, full_run.content())

    assert (12, 0, 0) == (done.kept, done.mended, done.dropped_count)
    assert full_run.content() == Path(done.copy).read_bytes()


def test_what_holds_no_entry_is_dropped_and_named(path: Path, full_run: Any) -> None:
    """A cut last line, nonsense, a line of NULs, an entry that comes twice."""
    lines = full_run.lines
    done, entries = repaired(path, b"".join([*lines[:5], b"nonsense\n", lines[4], b"\0\0\n", *lines[5:]]) + b'{"cut": ')

    assert 12 == len(entries)
    assert [
        (6, "not valid JSON"),
        (7, "entry 5 of run run-1 comes again"),
        (8, "only NUL bytes, as a power loss leaves them"),
        (16, "the last line is cut"),
    ] == [tuple(problem) for problem in done.dropped]


def test_tokens_that_are_no_json_become_null(path: Path, full_run: Any) -> None:
    """The number that was not finite is named as our own logs name it."""
    content = full_run.content().replace(b'"loss":6.0', b'"loss":NaN')
    done, entries = repaired(path, content)

    assert (11, 1, 0) == (done.kept, done.mended, done.dropped_count)
    broken = next(entry for entry in entries if entry.get("nonfinite"))
    assert (None, {"metrics.loss": "NaN"}) == (broken["metrics"]["loss"], broken["nonfinite"])


def test_an_entry_behind_a_hole_is_kept(path: Path, full_run: Any) -> None:
    """NUL bytes before an entry, as a power loss leaves them, go."""
    done, entries = repaired(path, b"".join([*full_run.lines[:3], b"\0" * 100, *full_run.lines[3:]]))

    assert (12, 1) == (len(entries), done.mended)


def test_an_entry_that_breaks_the_schema_is_kept_as_a_users(path: Path, full_run: Any) -> None:
    """Nothing is lost that can be kept."""
    _, entries = repaired(path, full_run.content().replace(b'"step":1,', b'"step":"one",'))

    assert "user_training_step_complete" in [entry["type"] for entry in entries]


def test_a_copy_is_not_overwritten(path: Path, full_run: Any) -> None:
    """An earlier copy may be the only good one."""
    repaired(path, full_run.content())
    with pytest.raises(LogError, match="exists already"):
        repair_log(path)


def test_a_log_that_cannot_be_read_leaves_no_copy(path: Path) -> None:
    """There is nothing to repair."""
    with pytest.raises(LogError, match="No such file"):
        repair_log(path)
    assert [] == list(path.parent.iterdir())


def test_what_was_spilled_is_put_where_it_is_missing(path: Path, full_run: Any) -> None:
    """Entries 4 to 6 and the last one lie in two spill files, one of them torn: all are there, each once, in order."""
    lines = full_run.lines
    path.with_name("log.spill-1.jsonl").write_bytes(b"".join([*lines[3:6], lines[2]]) + b'{"cut": ')
    path.with_name("log.spill-2.jsonl").write_bytes(lines[-1])
    path.with_name("other.spill-3.jsonl").write_bytes(lines[7])
    done, _ = repaired(path, b"".join([*lines[:3], *lines[6:-1]]))

    assert (8, 4, 0) == (done.kept, done.merged, done.dropped_count)
    assert full_run.content() == Path(done.copy).read_bytes()
