"""A run is watched as it goes."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tests.logs import read_lines
from verbose_logging.cli import main
from verbose_logging.cli.watch import follow_run
from verbose_logging.sinks.files.file_lock import share


class Written:
    """Writes more of a log in each pause of whoever reads it.

    Args:
        path: The log.
        parts: What is added, in order.
    """

    def __init__(self, path: Path, parts: list[bytes]) -> None:
        self._path = path
        self._parts: Iterator[bytes] = iter(parts)

    def __call__(self, _seconds: float) -> None:
        """Adds the next part."""
        with self._path.open("ab") as file:
            file.write(next(self._parts))


@pytest.fixture
def growing(log_file: Path) -> Iterator[tuple[Path, Callable[[float], None]]]:
    """Yields a log with its first four lines, held as its writer holds it, and what adds the others, two at a time."""
    lines = log_file.read_bytes().splitlines(keepends=True)
    log_file.write_bytes(b"".join(lines[:4]))
    rest = lines[4:]
    with log_file.open("ab") as held:
        share(held.fileno())
        yield log_file, Written(log_file, [b"".join(rest[place : place + 2]) for place in range(0, len(rest), 2)])


def console(*, terminal: bool) -> tuple[Console, io.StringIO]:
    """Returns a console of eighty columns and what is written to it."""
    text = io.StringIO()
    return Console(file=text, force_terminal=terminal, width=80, height=30, color_system=None), text


def test_watching_ends_with_the_run(growing: Any) -> None:
    """What comes while watching is seen, and the end entry ends it."""
    path, pause = growing
    summary = follow_run(path, console(terminal=False)[0], pause=pause)

    assert ("complete", 4) == (summary["outcome"], summary["steps_done"])
    assert 4 == len(summary["recent_losses"])


def test_without_a_terminal_there_are_lines(growing: Any) -> None:
    """A file or a pipe gets plain lines without control characters."""
    path, pause = growing
    shown, text = console(terminal=False)
    follow_run(path, shown, pause=pause)

    assert text.getvalue().count("\n") >= 1
    assert "\x1b" not in text.getvalue()


def test_a_terminal_has_a_screen_that_is_given_back(growing: Any) -> None:
    """The other screen is opened first and closed last."""
    path, pause = growing
    shown, text = console(terminal=True)
    follow_run(path, shown, pause=pause)

    assert text.getvalue().startswith("\x1b[?1049h")
    assert "\x1b[?1049l" in text.getvalue()[-40:]
    assert "4 of 4 steps" in text.getvalue()


@pytest.mark.usefixtures("log_file")
def test_a_run_that_has_ended_is_shown_once(capsys: pytest.CaptureFixture[str]) -> None:
    """There is nothing to wait for."""
    assert 0 == main(["watch", "run.jsonl"])
    assert "complete: 4 of 4 steps" in capsys.readouterr().out

    assert 0 == main(["watch", "run.jsonl", "--json"])
    assert "complete" == json.loads(capsys.readouterr().out)["outcome"]


def test_what_is_no_log_cannot_be_watched(log_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A document is rewritten as a whole; its log is what grows."""
    log_file.with_suffix(".json").write_text('{"training_iterations": []}')

    assert 1 == main(["watch", "run.json"])
    assert "watch the log" in capsys.readouterr().err


def test_a_message_cannot_steer_the_terminal(log_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Escape sequences in a message are shown, not obeyed."""
    lines = read_lines(log_file)
    lines[-1]["message"] = "\x1b[2J\x07gone"
    log_file.write_text("".join(json.dumps(entry) + "\n" for entry in lines), encoding="utf-8")

    assert 0 == main(["watch", "run.jsonl"])
    out = capsys.readouterr().out
    assert "\\x1b[2J\\x07gone" in out
    assert "\x07" not in out


def test_a_log_is_repaired_as_a_copy(log_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The verb says what was kept and dropped; the copy is valid, the log as it was."""
    damaged = log_file.read_bytes() + b'{"cut": '
    log_file.write_bytes(damaged)

    assert 0 == main(["validate", "run.jsonl", "--repair"])
    assert capsys.readouterr().out.splitlines() == [
        "dropped: run.jsonl:12: the last line is cut",
        "repaired: run.repaired.jsonl, 11 lines kept, 0 mended, 1 dropped",
    ]
    assert damaged == log_file.read_bytes()
    assert 0 == main(["validate", "run.repaired.jsonl"])
    capsys.readouterr()

    assert 1 == main(["validate", "run.jsonl", "--repair", "--json"])
    assert "exists already" in capsys.readouterr().err
