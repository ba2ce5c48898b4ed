"""What is told of a run's turns: signs of life, checkpoints, evaluations, attempts, its end."""

from __future__ import annotations

import pytest

from tests.recorder.runs import short_run
from verbose_logging.facts import (
    ClockRead,
)
from verbose_logging.testing import FactScript, record


def test_quiet_training_gives_a_sign_of_life() -> None:
    """After half a minute without an entry there is a heartbeat, and not one second earlier."""
    script = FactScript(total_steps=1, steps_per_epoch=1).open().begin()
    for _ in range(2):
        script.clock.advance(29.0)
        script.facts.append(ClockRead(script.clock.monotonic(), script.clock.wall(), 0.0))

    assert 1 == len(record(script.facts).of_type("heartbeat"))
    assert [] == record(script.facts[:-1]).of_type("heartbeat")


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


def test_after_training_an_evaluation_does_not_count_idle_time() -> None:
    """An evaluation an hour after the end lasts as long as its own batches."""
    script = FactScript(total_steps=1, steps_per_epoch=1).open().begin().epoch_begin().step().end()
    script.clock.advance(3600.0)
    script.evaluate(seconds=2.0, eval_loss=1.0)
    script.clock.advance(1.0)
    script.evaluate(seconds=0.5, eval_loss=1.0)

    durations = [entry.duration_seconds or 0.0 for entry in record(script.facts).of_type("evaluation_complete")]

    assert all(seconds < 4 for seconds in durations)
