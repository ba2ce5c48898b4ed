"""Whether a run without an end goes on, or died."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from verbose_logging.clock import SystemClock
from verbose_logging.reading.liveness import has_writer, with_liveness
from verbose_logging.sinks.fallback import Fallback
from verbose_logging.sinks.files.append_file import AppendFile

NOON = datetime(2025, 1, 1, 12, tzinfo=timezone.utc)
UNFINISHED: dict[str, Any] = {
    "outcome": "unfinished", "last_entry_at": NOON.isoformat(), "steps_done": 7, "total_steps": 9,
}  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Returns where the log lies."""
    return tmp_path / "log.jsonl"


@pytest.fixture
def writer(path: Path) -> Iterator[AppendFile]:
    """Yields a file under way."""
    clock = SystemClock()
    file = AppendFile(path, clock=clock, fallback=Fallback(path.parent, clock=clock))
    assert file.append(b"{}\n")
    assert file.flush()
    yield file
    file.close()


def verdict_after(seconds: float, path: Path) -> str:
    """Returns the verdict on a run that has been silent for so long."""
    return str(with_liveness(UNFINISHED, path, NOON + timedelta(seconds=seconds))["verdict"])


def test_a_log_under_way_has_a_writer(writer: AppendFile, path: Path) -> None:
    """As long as it is open, and no longer."""
    assert has_writer(path) is True
    writer.close()
    assert has_writer(path) is False


def test_asking_leaves_the_writer_its_lock(writer: AppendFile, path: Path) -> None:
    """A log can be asked about any number of times."""
    assert [True, True] == [has_writer(path), has_writer(path)]
    assert writer.append(b"{}\n")
    assert writer.flush()


def test_a_log_that_cannot_be_opened_says_nothing(tmp_path: Path) -> None:
    """What is not known is absent: the age of the last entry decides then."""
    assert has_writer(tmp_path / "none.jsonl") is None
    assert UNFINISHED == with_liveness(UNFINISHED, tmp_path / "none.jsonl", NOON)


def test_with_a_writer_the_run_is_running(writer: AppendFile, path: Path) -> None:
    """However long its last word is ago; a long silence is told."""
    assert writer is not None
    assert "running: 7 of 9 steps" == verdict_after(10, path)
    assert "running, but silent for 1 h 59 min: 7 of 9 steps" == verdict_after(7190, path)


def test_without_a_writer_the_run_is_dead(writer: AppendFile, path: Path) -> None:
    """However short its last word is ago, with the moment and the step."""
    writer.close()
    expected = "dead since 2025-01-01 12:00:00+00:00, 10 s ago: no end entry, so it was killed: 7 of 9 steps"

    assert expected == verdict_after(10, path)


def test_a_run_that_has_ended_stays_as_it_is(writer: AppendFile, path: Path) -> None:
    """An open log says nothing about a run with an end."""
    assert writer is not None
    ended = {"outcome": "complete", "verdict": "complete: 9 of 9 steps"}
    assert ended == with_liveness(ended, path, NOON)


@pytest.mark.parametrize("name", ["log.spill-7.jsonl", "verbose_logging_errors.log"])
def test_a_log_that_had_trouble_may_lack_its_end_for_another_reason(name: str, writer: AppendFile, path: Path) -> None:
    """A run whose end could not be written is not said to have been killed; the file that tells of it is named."""
    writer.close()
    path.with_name(name).touch()

    verdict = verdict_after(200, path)

    assert f"it was killed, or its end could not be written (see {name})" in verdict


def test_a_dead_run_has_no_time_left(writer: AppendFile, path: Path) -> None:
    """One that is under way has."""
    with_eta = UNFINISHED | {"eta_minutes": 3.0}
    assert 3.0 == with_liveness(with_eta, path, NOON)["eta_minutes"]
    writer.close()

    assert "eta_minutes" not in with_liveness(with_eta, path, NOON)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_is_no_writer(writer: AppendFile, path: Path) -> None:
    """A child that outlives its parent, such as a data loader's worker, does not make a dead run look alive."""
    born, tell = os.pipe()
    waits, go = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(go)
        os.write(tell, b".")
        os.read(waits, 1)
        os._exit(0)
    os.read(born, 1)
    was_held = has_writer(path)
    writer.close()
    is_held = has_writer(path)
    os.close(go)
    os.waitpid(child, 0)

    assert (True, False) == (was_held, is_held)
