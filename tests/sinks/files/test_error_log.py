from __future__ import annotations

import stat
from pathlib import Path

import pytest

from verbose_logging.sinks.files.error_log import ErrorLog
from verbose_logging.testing import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    """Returns a clock set by hand."""
    return ManualClock()


@pytest.fixture
def log(tmp_path: Path, clock: ManualClock) -> ErrorLog:
    """Returns an error log that does not exist yet."""
    return ErrorLog(tmp_path / "errors.log", clock=clock)


def lines_of(log: ErrorLog) -> list[str]:
    """Returns the log's lines."""
    return log.path.read_text(encoding="utf-8").splitlines()


def test_log_exists_only_once_something_is_noted(log: ErrorLog) -> None:
    """Without trouble there is no file; with it, it is the owner's alone."""
    assert not log.path.exists()
    assert log.note("kind", "text")
    assert stat.S_IMODE(log.path.stat().st_mode) == 0o600


def test_line_is_dated_and_says_who_wrote_it(log: ErrorLog) -> None:
    """A line carries time, process, kind and text."""
    log.note("kind", "text")
    (line,) = lines_of(log)
    assert line.startswith("2023-11-14T22:13:20.000+00:00 pid ")
    assert line.endswith(" kind: text")


def test_one_line_a_minute_of_a_kind(log: ErrorLog, clock: ManualClock) -> None:
    """Repetitions within a minute are counted, told with the next line, and other kinds are free."""
    assert [True, False, False, True] == [log.note(kind, "text") for kind in ("a", "a", "a", "b")]
    clock.advance(60.0)
    assert log.note("a", "text")
    clock.advance(60.0)
    assert log.note("a", "text")
    first, other, second, third = (line.split(" ", 3)[3] for line in lines_of(log))
    assert ("a: text", "b: text") == (first, other)
    assert second == "a: text (2 more like this since the last line)"
    assert third == "a: text"


def test_text_cannot_pose_as_another_line(log: ErrorLog) -> None:
    """Further lines of a text are indented, and control characters are escaped."""
    log.note("kind", "one\ntwo\x1b[31m ü")
    first, second = lines_of(log)
    assert first.endswith("kind: one")
    assert second == "    two\\x1b[31m ü"


@pytest.mark.parametrize("place", ["taken/errors.log", "taken", "nul\0"])
def test_unwritable_place_raises_nothing(tmp_path: Path, clock: ManualClock, place: str) -> None:
    """Where nothing can be written, the answer is no."""
    (tmp_path / "taken").symlink_to(tmp_path / "elsewhere")
    assert not ErrorLog(tmp_path / place, clock=clock).note("kind", "text")
