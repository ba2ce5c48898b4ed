"""A run ends before its recorder is done: every fact that was put is told or counted, and the end is the last entry."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from verbose_logging.entries import Entry
from verbose_logging.facts import Fact
from verbose_logging.guard import Guard
from verbose_logging.recorder import recorder_for
from verbose_logging.session import Session
from verbose_logging.settings import Settings
from verbose_logging.testing import FactScript, ManualClock

STEPS = 500
FACTS_A_STEP = 4


def lines_of_a_run(folder: Path, *, seconds_a_fact: float) -> list[dict[str, Any]]:
    """Returns the log of an interrupted run whose recorder takes so long over each fact, closed within five seconds."""
    clock = ManualClock()
    settings = Settings.from_options(log_file=str(folder / "log.jsonl"), console="off", probes=[], handle_sigterm=False)
    record = recorder_for(settings, Guard(lambda _part, error: pytest.fail(str(error)))).handle

    def record_slowly(fact: Fact) -> list[Entry]:
        clock.advance(seconds_a_fact)
        return record(fact)

    session = Session(settings, rank=0, world_size=1, clock=clock, handle=record_slowly)
    script = FactScript(total_steps=STEPS, steps_per_epoch=STEPS).begin()
    session.begin(script.facts.pop())
    for _ in range(STEPS):
        script.step(loss=1.0)
    for fact in script.facts:
        session.put(fact)
    session.break_off("interrupted", {"type": "KeyboardInterrupt"})
    assert session.close(5.0)
    return [json.loads(line) for line in (folder / "log.jsonl").read_bytes().splitlines()]


def test_with_time_enough_nothing_is_dropped(tmp_path: Path) -> None:
    """A recorder that is done in time has every step."""
    types = [line["type"] for line in lines_of_a_run(tmp_path, seconds_a_fact=0.0001)]

    assert (STEPS, 0) == (types.count("training_step_complete"), types.count("entries_dropped"))


def test_what_there_is_no_time_for_is_counted_in_the_log(tmp_path: Path) -> None:
    """Half of five seconds at ten milliseconds a fact: some 60 steps are told, and exactly the others are counted."""
    lines = lines_of_a_run(tmp_path, seconds_a_fact=0.01)
    told = sum(line["type"] == "training_step_complete" for line in lines)
    (dropped,) = (line for line in lines if line["type"] == "entries_dropped")

    assert 50 < told < 70
    assert STEPS == told + dropped["steps"]
    assert FACTS_A_STEP * dropped["steps"] == dropped["count"]
    assert "training_interrupted" == lines[-1]["type"]
    assert dropped["count"] == lines[-1]["logger"]["pipeline"]["facts_dropped"]
