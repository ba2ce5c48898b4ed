"""A million facts while the writer stands still: memory stays bounded, and the drops are counted to the last one."""

from __future__ import annotations

import threading
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.logs import read_lines
from verbose_logging.facts import UserWrote
from verbose_logging.session import Session
from verbose_logging.settings import Settings

FACTS = 1_000_000
ROOM = 50_000


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """Yields an open session without probes."""
    settings = Settings.from_options(log_file=str(tmp_path / "log.jsonl"), console="off", probes=[], strict=True)
    session = Session(settings, rank=0, world_size=1)
    session.open()
    assert session.flush(60)
    yield session
    session.close()


def test_a_million_facts_with_a_stopped_writer(session: Session, tmp_path: Path) -> None:
    """50,000 wait, with 200 bytes each at most; the other 950,000 are counted exactly in the log."""
    entered, released = threading.Event(), threading.Event()
    recorded = session._record  # noqa: SLF001 - what the writer's thread calls

    def stand_still(_fact: object) -> list[object]:
        session._record = recorded  # noqa: SLF001
        entered.set()
        assert released.wait(300)
        return []

    session._record = stand_still  # type: ignore[assignment] # noqa: SLF001
    session.put(UserWrote(0.0, {"type": "stops"}))
    assert entered.wait(60)
    entry = {"type": "note"}
    tracemalloc.start()
    for number in range(FACTS):
        session.put(UserWrote(float(number), entry))
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    released.set()
    assert session.flush(300)
    lines = read_lines(tmp_path / "log.jsonl")
    written = sum(line["type"] == "note" for line in lines)
    (dropped,) = (line for line in lines if line["type"] == "entries_dropped")

    assert peak_bytes < 200 * ROOM
    assert (ROOM, FACTS - ROOM) == (written, dropped["count"])
