"""Facts in, entries out."""

from __future__ import annotations

import json
import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verbose_logging.entries import ENTRY_TYPES, decode_entry, encode_entry, entry_type
from verbose_logging.facts import (
    ClockRead,
    Fact,
    FactsDropped,
    RunBroken,
    SystemInspected,
    TrainingInspected,
    UserWrote,
)
from verbose_logging.levels import LEVELS
from verbose_logging.rules import RULES
from verbose_logging.testing import FactScript, MemorySink, record


def short_run(*, steps: int = 4, **begin: int) -> FactScript:
    """Returns a run of so many steps in epochs of two, each logged, up to its last step."""
    script = FactScript(total_steps=steps, steps_per_epoch=2).open().begin(**begin)
    for step in range(steps):
        if step % 2 == 0:
            script.epoch_begin()
        script.step(loss=4.0 - step, grad_norm=1.5)
        if step % 2 == 1:
            script.epoch_end()
    return script


def full_run() -> FactScript:
    """Returns a run in which everything happens once."""
    script = FactScript(total_steps=2, steps_per_epoch=2).open()
    script.add(SystemInspected, {"platform": {"system": "Linux"}, "python": {"version": "3.12"}})
    script.add(TrainingInspected, {"per_device_train_batch_size": 8}, {"total_parameters": 10}, {}, {}, {})
    script.begin().epoch_begin().read("memory", {"usage_percent": 95.0}).step(loss=2.0)
    script.evaluate(eval_loss=1.5).save(size_bytes=3_000_000).step(loss=float("nan")).epoch_end()
    script.add(FactsDropped, 3, 1.0, 2.0).add(UserWrote, {"type": "note", "message": "hello"})
    script.add(ClockRead, script.clock.wall() + 40, 0.0, after=40.0)
    return script.add(RunBroken, "failed", {"type": "ValueError"}, {"pipeline": {}})


def test_a_step_waits_for_its_log() -> None:
    """Loss, learning rate and gradient norm of the log stand in the step's own line."""
    script = FactScript(total_steps=1, steps_per_epoch=1).open().begin().epoch_begin()
    script.step(loss=2.5, grad_norm=0.5, learning_rate=3e-4, reward=7.0)

    step = record(script.facts).of_type("training_step_complete")[0]

    assert {"loss": 2.5, "grad_norm": 0.5, "learning_rate": 3e-4, "reward": 7.0}.items() <= step.metrics.items()
    assert "✅ Step 1 completed - Loss: 2.500000" == step.message


def test_a_step_without_a_log_does_not_wait() -> None:
    """When the Trainer does not log a step, its line is there at once and carries no loss."""
    script = FactScript(total_steps=2, steps_per_epoch=2).open().begin().epoch_begin().step()

    step = record(script.facts).of_type("training_step_complete")[0]

    assert "loss" not in step.metrics
    assert "✅ Step 1 completed" == step.message


def test_a_log_that_never_comes_does_not_hold_the_step() -> None:
    """A callback that swallows the log costs the step its loss, not its line."""
    script = FactScript(total_steps=2, steps_per_epoch=2).open().begin().epoch_begin().step(loss=1.0)
    announced_only = [fact for fact in script.facts if type(fact).__name__ != "Logged"]
    next_step = FactScript(total_steps=2, steps_per_epoch=2, first_step=1).step().facts

    steps = record([*announced_only, *next_step]).of_type("training_step_complete")

    assert [1, 2] == [step.step for step in steps]


def test_the_trainers_last_log_is_no_step() -> None:
    """`train_runtime` and its like become an update, not a step."""
    script = short_run(steps=2)
    script.add(lambda at: _logged(at, {"train_runtime": 3.0, "train_loss": 2.0}))

    sink = record(script.end().facts)

    assert 2 == len(sink.of_type("training_step_complete"))
    assert {"train_runtime": 3.0, "train_loss": 2.0} == sink.of_type("training_metrics_update")[-1].metrics


def _logged(at: float, logs: dict[str, float]) -> Fact:
    from verbose_logging.facts import Logged  # noqa: PLC0415 - one use

    return Logged(at, logs)


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


@pytest.mark.parametrize(("steps", "expected"), [(20, 20), (100, 100), (250, 100), (1000, 100)])
def test_every_percent_is_reported_once(steps: int, expected: int) -> None:
    """A hundred reports, or one per step where there are fewer steps than percents."""
    script = FactScript(total_steps=steps, steps_per_epoch=steps).open().begin().epoch_begin()
    for _ in range(steps):
        script.step(loss=1.0)

    reports = record(script.facts).of_type("progress_report")

    assert expected == len(reports)
    assert 100.0 == reports[-1].progress["progress_percent"]


def test_a_resumed_run_does_not_report_what_was_reported() -> None:
    """After a resume at 37 % the first report is that of 38 %."""
    script = FactScript(total_steps=200, steps_per_epoch=200, first_step=74).open().begin().epoch_begin()
    for _ in range(126):
        script.step(loss=1.0)

    reports = record(script.facts).of_type("progress_report")

    assert 38.0 == reports[0].progress["progress_percent"]
    assert 63 == len(reports)


def test_a_users_entry_keeps_its_words_and_gets_our_numbers() -> None:
    """`type` and everything else is the user's; `run_id`, `seq` and `rank` are always ours."""
    script = FactScript(total_steps=1, steps_per_epoch=1).open()
    script.add(UserWrote, {"type": "note", "message": "hello", "run_id": "forged", "seq": 99, "step": 7})

    fields = record(script.facts).entries[0].fields

    assert ("note", "hello", "run-1", 1, 7) == tuple(
        fields[key] for key in ("type", "message", "run_id", "seq", "step")
    )
    assert {"timestamp", "level", "rank", "epoch"} <= fields.keys()


def test_epoch_is_whole_and_counts_from_one() -> None:
    """The first step of the second epoch stands in epoch 2, also after a resume in its middle."""
    steps = record(short_run().facts).of_type("training_step_complete")
    resumed = FactScript(total_steps=4, steps_per_epoch=2, first_step=3).open().begin().epoch_begin().step(loss=1.0)

    assert [1, 1, 2, 2] == [step.epoch for step in steps]
    assert 2 == record(resumed.facts).of_type("training_step_complete")[0].epoch


def test_a_pass_of_no_steps_is_no_epoch() -> None:
    """A stream that is resumed begins with one, and goes on in the epoch of its checkpoint."""
    script = FactScript(total_steps=4, steps_per_epoch=2, first_step=3).open().begin().epoch_begin().epoch_end()
    script.epoch_begin().step(loss=1.0)

    assert 2 == record(script.facts).of_type("training_step_complete")[0].epoch


def test_quiet_training_gives_a_sign_of_life() -> None:
    """After half a minute without an entry there is a heartbeat, and not one second earlier."""
    script = FactScript(total_steps=1, steps_per_epoch=1).open().begin()
    for _ in range(2):
        script.clock.advance(29.0)
        script.facts.append(ClockRead(script.clock.monotonic(), script.clock.wall(), 0.0))

    assert 1 == len(record(script.facts).of_type("heartbeat"))
    assert [] == record(script.facts[:-1]).of_type("heartbeat")


def test_dates_follow_the_wall_clock_and_durations_do_not() -> None:
    """A clock that is set back an hour moves the dates that follow and no step time."""
    script = FactScript(total_steps=2, steps_per_epoch=2).open().begin().epoch_begin().step(loss=1.0)
    script.add(ClockRead, script.clock.wall() - 3600, 0.0).step(loss=1.0)

    first, second = record(script.facts).of_type("training_step_complete")

    assert second.timestamp < first.timestamp
    assert 1.0 == second.timing["step_time_seconds"]


def test_the_end_carries_the_whole_account() -> None:
    """The last entry has statistics, the ledger, and what the logger itself cost."""
    end = record(short_run().end().facts).of_type("training_complete")[0]

    assert (1.0, 1.0, 4, 2) == tuple(
        end.statistics[key] for key in ("final_loss", "best_loss", "current_step", "epochs")
    )
    assert pytest.approx(4.0) == end.time_ledger["total_seconds"]


def test_the_end_of_a_resumed_run_says_what_this_session_did() -> None:
    """The time is of the steps since the resume, so the message tells both counts."""
    script = FactScript(total_steps=4, steps_per_epoch=4, first_step=3).open().begin().epoch_begin().step(loss=1.0)
    end = record(script.epoch_end().end().facts).of_type("training_complete")[0]

    assert end.message.startswith("🏁 Training complete: 4 steps, 1 of them in ")


def test_an_attempt_with_a_smaller_batch_starts_over() -> None:
    """A restart by the Trainer is told, and no number of the first attempt is carried into the second's progress."""
    script = FactScript(total_steps=2, steps_per_epoch=2).open().begin().epoch_begin().step(loss=9.0)
    again = FactScript(total_steps=4, steps_per_epoch=4).begin(attempt=2).epoch_begin().step(loss=3.0)

    sink = record([*script.facts, *again.facts])

    assert [1, 2] == [start.attempt for start in sink.of_type("training_start")]
    last = sink.of_type("training_step_complete")[-1]
    assert (1, 4, 3.0) == (last.step, last.progress["total_steps"], last.metrics["avg_loss"])


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


def test_a_checkpoint_tells_its_size_and_the_evaluation_of_its_own_step() -> None:
    """3 MiB are 3 MB of the log; an evaluation of another step is not quoted."""
    script = FactScript(total_steps=3, steps_per_epoch=3).open().begin().epoch_begin().step()
    script.evaluate(eval_loss=1.5).save(size_bytes=3 * 1024**2).step().save()

    first, second = record(script.facts).of_type("model_checkpoint_save")

    assert (3.0, 1.5) == (first.size_mb, first.metrics["eval_loss"])
    assert second.size_mb is None
    assert "eval_loss" not in second.metrics


def test_the_best_evaluation_is_the_lowest() -> None:
    """1.5, 1.2, 1.9: the last is 1.9 and the best 1.2."""
    script = FactScript(total_steps=3, steps_per_epoch=3).open().begin().epoch_begin()
    for loss in (1.5, 1.2, 1.9):
        script.step().evaluate(eval_loss=loss)

    statistics = record(script.end().facts).of_type("training_complete")[0].statistics

    assert (1.9, 1.2, 3) == (statistics["final_eval_loss"], statistics["best_eval_loss"], statistics["evaluations"])


def test_an_early_stop_is_told() -> None:
    """A training that ends before its last step says so."""
    stopped = FactScript(total_steps=10, steps_per_epoch=10).open().begin().epoch_begin().step().end()
    whole = FactScript(total_steps=1, steps_per_epoch=1).open().begin().epoch_begin().step().end()

    assert "stopped early at step 1 of 10" in record(stopped.facts).entries[-1].message
    assert "Training complete: 1 step" in record(whole.facts).entries[-1].message


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


def test_after_training_an_evaluation_does_not_count_idle_time() -> None:
    """An evaluation an hour after the end lasts as long as its own batches."""
    script = FactScript(total_steps=1, steps_per_epoch=1).open().begin().epoch_begin().step().end()
    script.clock.advance(3600.0)
    script.evaluate(seconds=2.0, eval_loss=1.0)
    script.clock.advance(1.0)
    script.evaluate(seconds=0.5, eval_loss=1.0)

    durations = [entry.duration_seconds or 0.0 for entry in record(script.facts).of_type("evaluation_complete")]

    assert all(seconds < 4 for seconds in durations)
