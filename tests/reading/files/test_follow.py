"""A log that is still being written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from verbose_logging import read_entries
from verbose_logging.errors import LogError


class Writer:
    """Does one thing to a file in each pause of its reader.

    Args:
        *acts: What is done, in order.
    """

    def __init__(self, *acts: Callable[[], Any]) -> None:
        self._acts: Iterator[Callable[[], Any]] = iter(acts)

    def __call__(self, _seconds: float) -> None:
        """Does the next thing."""
        next(self._acts)()


def appends(path: Path, content: bytes) -> Callable[[], Any]:
    """Returns what adds to a file."""

    def act() -> None:
        with path.open("ab") as file:
            file.write(content)

    return act


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Returns a log with one entry."""
    found = tmp_path / "log.jsonl"
    found.write_bytes(b'{"a": 1}\n')
    return found


def followed(path: Path, count: int, *acts: Callable[[], Any]) -> list[Any]:
    """Returns the first values of `a` that a follower sees."""
    return [entry["a"] for entry in islice(read_entries(path, follow=True, pause=Writer(*acts)), count)]


def test_new_lines_come_as_they_are_written(path: Path) -> None:
    """What is appended after the first look is seen at the next."""
    assert [1, 2, 3] == followed(path, 3, appends(path, b'{"a": 2}\n'), appends(path, b'{"a": 3}\n'))


def test_a_line_counts_once_it_is_whole(path: Path) -> None:
    """A line that is written in two parts is one entry, and no problem."""
    assert [1, 2] == followed(path, 2, appends(path, b'{"a"'), appends(path, b": 2}\n"))


def test_another_file_in_its_place_is_followed(path: Path) -> None:
    """Rotation: what is left of the old file comes first, then the new one from its beginning."""

    def rotate() -> None:
        appends(path, b'{"a": 2}\n')()
        path.rename(path.with_suffix(".1"))
        path.write_bytes(b'{"a": 3}\n')

    assert [1, 2, 3] == followed(path, 3, rotate)


def test_a_file_that_is_gone_for_a_while_is_waited_for(path: Path) -> None:
    """Between two files of a rotation there may be none."""
    moves = [lambda: path.rename(path.with_suffix(".1")), lambda: path.write_bytes(b'{"a": 2}\n')]

    assert [1, 2] == followed(path, 2, *moves)


def test_a_file_that_became_shorter_is_read_anew(path: Path) -> None:
    """Truncation in place begins a new log."""
    appends(path, b'{"a": 2}\n')()

    assert [1, 2, 3] == followed(path, 3, lambda: path.write_bytes(b'{"a": 3}\n'))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """There has to be a file to begin with."""
    with pytest.raises(LogError, match="No such file"):
        next(read_entries(tmp_path / "none.jsonl", follow=True))
