from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from verbose_logging import entries
from verbose_logging.reading.summary import summarize

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)


def _summary(*logs: Any, now: datetime | None = None) -> dict[str, Any]:
    return summarize([msgspec.json.decode(line) for log in logs for line in log.lines], now)


def test_a_whole_run_in_brief(full_run: Any) -> None:
    """Every block of the summary says what the entries say."""
    started_at = datetime.fromisoformat("2026-01-02T03:04:05+00:00").astimezone()

    assert {
        "verdict": "complete: 4 of 4 steps in 11 s",
        "health": "WARNING high_memory, over again: entry 8",
        "outcome": "complete",
        "time_ledger": {"forward_backward_seconds": 3.0, "other_seconds": 1.0, "total_seconds": 4.0},
        "peaks": {"memory_usage_peak": 68.2},
        "run_id": "run-1",
        "started_at": started_at.isoformat(),
        "last_entry_at": (started_at + timedelta(seconds=11)).isoformat(),
        "duration_seconds": 11.0,
        "entries": 12,
        "model": {"name": "TinyLM", "total_parameters": 1000, "trainable_parameters": 250},
        "data": {"train": {"type": "Dataset", "size": 32}, "eval": {"type": "Dataset", "size": 8}},
        "verbosity_level": "high",
        "output_dir": "out",
        "total_steps": 4,
        "total_epochs": 1,
        "attempt": 1,
        "steps_done": 4,
        "epoch": 1,
        "first_loss": 8.0,
        "last_loss": 5.5,
        "best_loss": 5.0,
        "best_loss_step": 3,
        "mean_step_time_seconds": 0.6,
        "median_step_time_seconds": 0.4,
        "evaluations": 1,
        "last_evaluation": {"step": 2, "metrics": {"eval_loss": 6.5, "eval_runtime": 0.3}},
        "best_eval_loss": 6.5,
        "best_eval_step": 2,
        "checkpoints": 1,
        "latest_checkpoints": [{"step": 2, "path": "out/checkpoint-2", "size_mb": 1.5}],
        "alerts": [
            {
                "rule": "high_memory",
                "times": 1,
                "first_step": 2,
                "state": "resolved",
                "last_step": 2,
                "severity": "WARNING",
                "message": "entry 8",
                "suggestion": "use less",
            }
        ],
    } == _summary(full_run)


def test_no_entry_gives_no_summary() -> None:
    """Nothing is said about nothing."""
    assert {} == summarize([])


def test_the_newest_run_is_summed_up(new_log: Callable[..., Any]) -> None:
    """Of two runs in a file the one that began last counts, and nothing of the other."""
    old, new = new_log("old").begin().step(1, 1.0).complete(1), new_log("new").begin(9).step(1, 7.0)

    summary = _summary(old, new)

    assert ("new", "unfinished", 7.0, 9) == (
        summary["run_id"],
        summary["outcome"],
        summary["best_loss"],
        summary["total_steps"],
    )


def test_an_older_run_that_goes_on_does_not_mix_in(new_log: Callable[..., Any]) -> None:
    """A run that another one overtook in the same file stays out."""
    old, new, late = new_log("old").step(1, 9.0), new_log("new").step(1, 7.0), new_log("old").step(2, 1.0)

    assert 7.0 == _summary(old, new, late)["best_loss"]


def test_a_run_that_never_trained_hides_no_other(new_log: Callable[..., Any]) -> None:
    """A later run that only wrote entries of the user's is passed over."""
    trained, idle = new_log("trained").begin().step(1, 5.0).complete(1), new_log("idle").add(entries.Heartbeat)

    assert "trained" == _summary(trained, idle)["run_id"]


def test_where_no_run_trained_the_newest_is_summed_up(new_log: Callable[..., Any]) -> None:
    """Runs without training are still told."""
    old, new = new_log("old").add(entries.Heartbeat), new_log("new").add(entries.Heartbeat)

    assert "new" == _summary(old, new)["run_id"]


def test_a_run_that_begins_to_train_late_counts_by_its_first_entry(new_log: Callable[..., Any]) -> None:
    """Of two runs that start up together the later one is meant, whichever trains first."""
    old, new = new_log("old").add(entries.Heartbeat), new_log("new").begin().step(1, 7.0)
    late = new_log("old").begin().step(1, 1.0)

    assert ("new", 7.0) == tuple(_summary(old, new, late)[key] for key in ("run_id", "best_loss"))


def test_what_has_no_type_is_no_entry() -> None:
    """Objects of another kind give no summary."""
    assert {} == summarize([{"a": 1}, {"type": 3}])


def test_each_evaluation_set_has_its_losses(new_log: Callable[..., Any]) -> None:
    """Several sets are told apart by the metric's name, each with its last and best loss."""
    log = new_log()
    for step, (one, two) in {10: (3.0, 5.0), 20: (2.0, 6.0)}.items():
        log.add(entries.EvaluationComplete, step=step, metrics={"eval_a_loss": one, "eval_a_runtime": 0.1})
        log.add(entries.EvaluationComplete, step=step, metrics={"eval_b_loss": two})

    summary = _summary(log)

    assert {
        "eval_a_loss": {"last": 2.0, "best": 2.0, "best_step": 20},
        "eval_b_loss": {"last": 6.0, "best": 5.0, "best_step": 10},
    } == summary["evaluation_losses"]
    assert 4 == summary["evaluations"]


def test_rates_are_the_last_known(new_log: Callable[..., Any]) -> None:
    """A step that does not know its rates does not take those of the step before away."""
    log = new_log()
    log.add(
        entries.TrainingInitialization,
        **{key: {} for key in ("training_args", "model_info", "dataset_info", "settings", "metric_sources")},
        mfu_receipt={"peak_flops": 1e14},
    )
    for tokens, tflops in ((100.0, 1.0), (200.0, 2.0)):
        metrics = {"tflops_per_second": tflops, "mfu_percent": tflops}
        log.add(
            entries.TrainingStepComplete, timing={"tokens_per_second": tokens}, metrics=metrics, progress={}, step=1
        )
    log.step(3, 5.0)

    summary = _summary(log)

    assert (200.0, 2.0, 2.0, 1e14) == tuple(
        summary[key] for key in ("tokens_per_second", "tflops_per_second", "mfu_percent", "peak_flops")
    )


DEAD = "dead since 2026-01-02 03:04:08+00:00, 1 h 59 min ago: no end entry, so it was probably killed"


@pytest.mark.parametrize(
    ("seconds_later", "verdict"),
    [
        (12.0, "running: 1 of 4 steps in 3 s"),
        (7200.0, f"{DEAD}: 1 of 4 steps in 3 s"),
    ],
)
def test_a_run_without_an_end_is_alive_or_killed(
    new_log: Callable[..., Any], seconds_later: float, verdict: str
) -> None:
    """Silence tells them apart, since a living run writes every half minute."""
    summary = _summary(new_log().begin().step(1, 5.0), now=START + timedelta(seconds=seconds_later))

    assert verdict == summary["verdict"]
    assert 2.0 == summary["eta_minutes"]


def test_without_the_present_moment_the_verdict_does_not_guess(new_log: Callable[..., Any]) -> None:
    """A summary of entries alone depends on the entries alone."""
    assert "no end entry: 1 of 4 steps in 3 s" == _summary(new_log().begin().step(1, 5.0))["verdict"]


def test_a_failure_names_its_exception(new_log: Callable[..., Any]) -> None:
    """The verdict says why the run died."""
    log = new_log().begin().step(1, 5.0)
    exception = {"type": "OutOfMemoryError", "message": "no room", "traceback": "..."}
    log.add(entries.TrainingFailed, step=1, statistics={}, time_ledger={}, exception=exception)

    assert "failed: 1 of 4 steps in 4 s; OutOfMemoryError: no room" == _summary(log)["verdict"]


def test_a_loss_that_is_not_finite_is_never_best(new_log: Callable[..., Any]) -> None:
    """A NaN, and the 0.0 that the Trainer logs in place of one, are counted out."""
    log = new_log().step(1, 5.0)
    log.step(2, None, nonfinite={"metrics.loss": "NaN"})
    log.step(3, 0.0, nonfinite={"metrics.grad_norm": "NaN"})

    summary = _summary(log)

    assert (5.0, 5.0, 1) == (summary["best_loss"], summary["last_loss"], summary["nonfinite_loss_steps"])
    assert "NaN" == summary["last_loss_nonfinite"]


def test_a_run_that_recovers_has_a_last_loss_again(new_log: Callable[..., Any]) -> None:
    """A step without a loss changes nothing; one with a finite loss ends it."""
    log = new_log().step(1, None, nonfinite={"metrics.loss": "Infinity"}).step(2, None)
    assert "Infinity" == _summary(log)["last_loss_nonfinite"]

    assert "last_loss_nonfinite" not in _summary(log.step(3, 4.0))


def test_the_end_says_what_the_last_loss_was(new_log: Callable[..., Any]) -> None:
    """At the lowest level no step does."""
    log, marks = new_log(), {"statistics.final_loss": "NaN"}
    log.add(entries.TrainingComplete, step=9, statistics={}, nonfinite=marks, time_ledger={}, peaks={})

    assert "NaN" == _summary(log)["last_loss_nonfinite"]


def test_step_times_of_a_killed_run_come_from_its_steps(new_log: Callable[..., Any]) -> None:
    """Without an end entry mean and median are computed."""
    summary = _summary(new_log().step(1, 5.0, 1.0).step(2, 5.0, 0.2).step(3, 5.0, 0.3))

    assert pytest.approx(0.5) == summary["mean_step_time_seconds"]
    assert 0.3 == summary["median_step_time_seconds"]


def test_the_lowest_level_has_losses_too(new_log: Callable[..., Any]) -> None:
    """Where no steps are written the progress reports and the end speak."""
    log = new_log()
    log.add(entries.ProgressReport, step=5, progress={}, metrics={"loss": 4.0}, timing={})
    log.add(
        entries.TrainingComplete, step=9, statistics={"best_loss": 2.0, "final_loss": 3.0}, time_ledger={}, peaks={}
    )

    summary = _summary(log)

    assert (4.0, 3.0, 2.0) == (summary["first_loss"], summary["last_loss"], summary["best_loss"])


def test_the_best_loss_of_a_run_that_ended_in_nan_is_not_its_last(new_log: Callable[..., Any]) -> None:
    """An end that knows no final loss leaves the last finite one as it was."""
    log = new_log().step(1, 4.0).step(2, 5.0).step(3, None, nonfinite={"metrics.loss": "NaN"})
    statistics = {"best_loss": 4.0, "final_loss": None}
    log.add(entries.TrainingComplete, step=3, statistics=statistics, time_ledger={}, peaks={})

    assert (4.0, 5.0) == tuple(_summary(log)[name] for name in ("best_loss", "last_loss"))


def test_dropped_entries_are_summed(new_log: Callable[..., Any]) -> None:
    """What the run could not keep is said."""
    log = new_log()
    for count in (3, 4):
        log.add(entries.EntriesDropped, count=count, from_="a", to="b")

    assert 7 == _summary(log)["entries_dropped"]


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)
_keys = st.sampled_from(
    [
        *("timestamp", "run_id", "step", "epoch", "metrics", "timing", "statistics", "rule", "state", "model_info"),
        *("dataset_info", "path", "peaks", "time_ledger", "exception", "count", "nonfinite", "total_steps"),
    ]
)
_entries = st.builds(
    lambda kind, rest: rest | {"type": kind}, st.sampled_from(list(entries.ENTRY_TYPES)), st.dictionaries(_keys, _json)
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine generates slowly
@given(st.lists(_entries, max_size=5))
def test_any_entries_can_be_summed_up(found: list[dict[str, Any]]) -> None:
    """Whatever stands in a file, the summary is plain JSON without NaN."""
    summary = summarize(found, now=START)

    assert summary == msgspec.json.decode(msgspec.json.encode(summary))
