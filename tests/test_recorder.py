"""Facts in, entries out: the same bytes each time, valid at every level, whatever happens in which order."""

from __future__ import annotations

import json
import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.recorder.runs import full_run
from verbose_logging.entries import ENTRY_TYPES, decode_entry, encode_entry, entry_type
from verbose_logging.facts import (
    ClockRead,
    FactsDropped,
    UserWrote,
)
from verbose_logging.levels import LEVELS
from verbose_logging.rules import RULES
from verbose_logging.testing import FactScript, MemorySink, record


@pytest.mark.parametrize("level", sorted(LEVELS))
def test_each_level_writes_only_its_types(level: str) -> None:
    """What is not in the level's table is not written; what happened and is in the table is.

    A finding would raise the level for a while, so nothing is judged here.
    """
    sink = record(full_run().facts, level=level, alerts=dict.fromkeys(RULES, "off"))
    written = {entry_type(entry) for entry in sink.entries} - {"note"}

    assert set() == written - LEVELS[level].entry_types
    missing = LEVELS[level].entry_types - written
    findings = {"resource_warning", "training_health", "performance_anomaly"}
    assert {"training_complete", "training_interrupted"} | findings == missing


@pytest.mark.parametrize("level", sorted(LEVELS))
def test_numbering_has_no_gap(level: str) -> None:
    """`seq` goes up by one over everything that is written, at every level."""
    sink = record(full_run().facts, level=level)

    assert list(range(1, len(sink.entries) + 1)) == [entry.seq for entry in sink.entries]


def test_replaying_the_facts_gives_the_same_bytes() -> None:
    """The recorder depends on nothing but the facts."""
    facts = full_run().facts

    first, second = ([encode_entry(entry) for entry in record(facts, level="ultra").entries] for _ in range(2))

    assert first == second


def test_every_line_is_valid_by_the_schema() -> None:
    """What the recorder writes, the typed decoder reads back as the same entry."""
    entries = [entry for entry in record(full_run().facts, level="ultra").entries if entry_type(entry) != "note"]

    assert entries == [decode_entry(encode_entry(entry)) for entry in entries]


def test_a_loss_that_is_not_a_number_is_null_and_named() -> None:
    """Strict JSON has no NaN: the value is null and `nonfinite` says what it was."""
    script = FactScript(total_steps=1, steps_per_epoch=1).open().begin().epoch_begin()
    step = record(script.step(loss=math.nan, grad_norm=math.inf).facts).of_type("training_step_complete")[0]

    assert (None, None) == (step.metrics["loss"], step.metrics["grad_norm"])
    assert {"metrics.loss": "NaN", "metrics.grad_norm": "Infinity"} == step.nonfinite


def test_medium_reads_the_machine_every_fifth_step() -> None:
    """At medium `resource_usage` stands in every fifth step's line, at high in every one."""
    script = FactScript(total_steps=6, steps_per_epoch=6).open().begin().epoch_begin()
    script.read("memory", {"usage_percent": 50.0})
    for _ in range(6):
        script.step(loss=1.0)

    def carrying(level: str) -> list[int]:
        steps = record(script.facts, level=level).of_type("training_step_complete")
        return [step.step for step in steps if step.resource_usage is not None]

    assert [5] == carrying("medium")
    assert [1, 2, 3, 4, 5, 6] == carrying("high")


def test_a_users_entry_keeps_its_words_and_gets_our_numbers() -> None:
    """`type` and everything else is the user's; `run_id`, `seq` and `rank` are always ours."""
    script = FactScript(total_steps=1, steps_per_epoch=1).open()
    script.add(UserWrote, {"type": "note", "message": "hello", "run_id": "forged", "seq": 99, "step": 7})

    fields = record(script.facts).entries[0].fields

    assert ("note", "hello", "run-1", 1, 7) == tuple(
        fields[key] for key in ("type", "message", "run_id", "seq", "step")
    )
    assert {"timestamp", "level", "rank", "epoch"} <= fields.keys()


def test_dates_follow_the_wall_clock_and_durations_do_not() -> None:
    """A clock that is set back an hour moves the dates that follow and no step time."""
    script = FactScript(total_steps=2, steps_per_epoch=2).open().begin().epoch_begin().step(loss=1.0)
    script.add(ClockRead, script.clock.wall() - 3600, 0.0).step(loss=1.0)

    first, second = record(script.facts).of_type("training_step_complete")

    assert second.timestamp < first.timestamp
    assert 1.0 == second.timing["step_time_seconds"]


EVENTS: dict[str, Callable[[FactScript], FactScript]] = {
    "step": lambda script: script.step(loss=1.0),
    "silent step": lambda script: script.step(),
    "nan": lambda script: script.step(loss=math.nan, grad_norm=math.nan),
    "evaluation": lambda script: script.evaluate(eval_loss=2.0),
    "save": lambda script: script.save(),
    "epoch": lambda script: script.epoch_end().epoch_begin(),
    "restart": lambda script: script.begin(attempt=2),
    "reading": lambda script: script.read("process", {"memory_rss_mb": 100.0}),
    "lost": lambda script: script.add(FactsDropped, 2, 0.0, 1.0),
    "tick": lambda script: script.add(ClockRead, script.clock.wall(), 0.0, after=31.0),
}


@given(st.lists(st.sampled_from(sorted(EVENTS)), max_size=30), st.sampled_from(sorted(LEVELS)))
def test_any_order_of_events_gives_valid_entries(names: list[str], level: str) -> None:
    """However strange the run, every entry is valid, numbered without gap, and no time is negative."""
    script = FactScript(total_steps=10, steps_per_epoch=3).open().begin()
    for name in names:
        EVENTS[name](script)
    sink = record(script.end().facts, level=level)

    assert list(range(1, len(sink.entries) + 1)) == [entry.seq for entry in sink.entries]
    for entry in sink.entries:
        assert entry == decode_entry(encode_entry(entry))
    assert _no_negative_times(sink)


def _no_negative_times(sink: MemorySink) -> bool:
    ledgers = [end.time_ledger for end in sink.of_type("training_complete")]
    times = [step.timing.get("step_time_seconds", 0.0) for step in sink.of_type("training_step_complete")]
    return all(seconds >= 0 for ledger in ledgers for seconds in ledger.values()) and all(t >= 0 for t in times)


@pytest.mark.parametrize(
    "entry",
    [
        {"type": "training_step_complete", "loss": 1},
        {"timestamp": 5, "message": None, "level": 3},
        {"type": None},
        {"type": "heartbeat", "step": "many"},
        {"value": math.nan, "deep": {"list": [math.inf]}},
    ],
)
def test_a_log_stays_valid_whatever_its_user_writes(entry: dict[str, object]) -> None:
    """The four leading keys are text, a known type is satisfied or renamed, and what is not finite is named."""
    script = FactScript(total_steps=1, steps_per_epoch=1).open().add(UserWrote, entry)
    written = record(script.facts).entries[0]
    fields = json.loads(encode_entry(written))

    assert all(isinstance(fields[key], str) for key in ("timestamp", "type", "level", "message"))
    if fields["type"] in ENTRY_TYPES:
        decode_entry(encode_entry(written))
    assert ("value" not in entry) or {"value": "NaN", "deep.list.0": "Infinity"} == fields["nonfinite"]
