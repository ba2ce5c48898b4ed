"""From files to runs: logs, folders, several runs in a file, resumed runs."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from verbose_logging import entries, load_run
from verbose_logging.errors import LogError
from verbose_logging.reading.files.problems import Problem

NewLog = Callable[..., Any]


def run_of(log: Any, folder: Path) -> Any:
    """Returns the run that is loaded from what a builder wrote."""
    return load_run(log.write(folder / "run.jsonl"))


def test_a_log_gives_a_run(full_run: Any, tmp_path: Path) -> None:
    """Steps come in columns, events as they were, the header as it was known."""
    run = run_of(full_run, tmp_path)

    assert ("run-1", 4, [1, 2, 3, 4]) == (run.run_id, len(run.steps), run.steps["step"])
    assert [8.0, 6.0, 5.0, 5.5] == run.steps["loss"]
    assert [0.8, 0.4, 0.4, 0.4] == run.steps["step_time_seconds"]
    assert ("TinyLM", 4) == (run.header["model_info"]["name"], run.header["total_steps"])
    assert [(2, 6.5)] == [(found["step"], found["eval_loss"]) for found in run.evaluations]
    assert [(2, "out/checkpoint-2")] == [(found["step"], found["path"]) for found in run.checkpoints]
    assert ["firing", "resolved"] == [found["state"] for found in run.alerts]
    assert ("complete", []) == (run.summary["outcome"], run.problems)


def test_a_column_that_is_not_at_hand_is_read_when_asked_for(full_run: Any, tmp_path: Path) -> None:
    """Every value of a step's entry has a column under its own name."""
    steps = run_of(full_run, tmp_path).steps

    assert [2.0] * 4 == steps["eta_minutes"]
    assert [1, 2, 3, 4] == steps["current_step"]
    assert {"timestamp", "epoch", "loss", "current_step"} <= set(steps.columns)
    assert "grad_norm" not in steps.columns


def test_a_column_that_does_not_exist_is_refused_with_the_nearest(full_run: Any, tmp_path: Path) -> None:
    """A slip of the pen is answered with what was meant."""
    with pytest.raises(KeyError, match="did you mean 'learning_rate'"):
        run_of(full_run, tmp_path).steps["learning_rat"]


def test_absent_and_not_a_number_differ(new_log: NewLog, tmp_path: Path) -> None:
    """A value that the log does not have is None, one that was NaN is nan."""
    log = new_log().begin().step(1, 2.0)
    log.step(2, None, nonfinite={"metrics.loss": "NaN"}).step(3, None)
    losses = run_of(log, tmp_path).steps["loss"]

    assert (2.0, None) == (losses[0], losses[2])
    assert math.isnan(losses[1])


def test_the_newest_run_is_loaded_and_any_can_be_named(new_log: NewLog, tmp_path: Path) -> None:
    """A file with two runs gives the newer; a name gives that one; a wrong name is answered with the nearest."""
    path = tmp_path / "two.jsonl"
    first, second = new_log("first").begin().step(1, 1.0).complete(1), new_log("second").begin().step(1, 2.0)
    path.write_bytes(first.content() + second.content())

    assert ("second", [2.0]) == (load_run(path).run_id, load_run(path).steps["loss"])
    assert ("first", [1.0]) == (load_run(path, "first").run_id, load_run(path, "first").steps["loss"])
    with pytest.raises(LogError, match="no run 'frist' in it; did you mean 'first'"):
        load_run(path, "frist")


def test_two_runs_whose_lines_alternate_do_not_mix(new_log: NewLog, tmp_path: Path) -> None:
    """Two processes that write to one file leave two runs."""
    logs = [new_log(name).begin() for name in ("a", "b")]
    for number in range(1, 40):
        for place, log in enumerate(logs):
            log.step(number, float(place))
    path = tmp_path / "mixed.jsonl"
    path.write_bytes(b"".join(line for pair in zip(*(log.lines for log in logs), strict=True) for line in pair))

    assert ([0.0] * 39, [1.0] * 39) == (load_run(path, "a").steps["loss"], load_run(path, "b").steps["loss"])


def test_a_resumed_run_is_one_run(new_log: NewLog, tmp_path: Path) -> None:
    """What was done again after a checkpoint takes the place of what was done before."""
    log = new_log().begin().step(1, 4.0).step(2, 3.0)
    log.add(entries.ModelCheckpointSave, step=2, path="c2").step(3, 0.5)
    log.add(entries.EvaluationComplete, step=3, metrics={"eval_loss": 0.1})
    log.add(entries.TrainingStart, step=2, attempt=1, total_steps=4, resumed_from_step=2, session=2)
    run = run_of(log.step(3, 2.0).step(4, 1.5).complete(4), tmp_path)

    assert ([1, 2, 3, 4], [4.0, 3.0, 2.0, 1.5]) == (run.steps["step"], run.steps["loss"])
    assert [2.0] * 4 == run.steps["eta_minutes"]
    assert ([], ["c2"]) == (run.evaluations, [found["path"] for found in run.checkpoints])
    assert (1.5, 4, 0) == (run.summary["best_loss"], run.summary["best_loss_step"], run.summary["evaluations"])


def test_steps_that_come_again_without_a_resume_are_kept_and_told(new_log: NewLog, tmp_path: Path) -> None:
    """Nothing is lost that may be wanted, and the reader says what is odd."""
    run = run_of(new_log().begin().step(1, 4.0).step(2, 3.0).step(2, 2.5).step(3, 2.0), tmp_path)

    assert [1, 2, 2, 3] == run.steps["step"]
    assert [Problem(6, "step 2 comes after step 2; both are kept")] == run.problems


def test_readings_come_once(new_log: NewLog, tmp_path: Path) -> None:
    """Steps faster than the sampler repeat a reading; the table has it once."""
    log = new_log().begin()
    for number, sampled_at in enumerate(("t1", "t1", "t2"), start=1):
        log.step(number, 1.0, resource_usage={"sampled_at": sampled_at, "memory": {"usage_percent": float(number)}})

    assert [(1, 1.0), (3, 3.0)] == [
        (found["step"], found["memory.usage_percent"]) for found in run_of(log, tmp_path).resources
    ]


def test_steps_become_a_data_frame(full_run: Any, tmp_path: Path) -> None:
    """A row for each step, a column for each name."""
    frame = run_of(full_run, tmp_path).to_pandas()

    assert [8.0, 6.0, 5.0, 5.5] == frame["loss"].tolist()
    assert "eta_minutes" in frame.columns


def test_a_folder_gives_its_newest_log(full_run: Any, tmp_path: Path) -> None:
    """A folder stands for the newest run in it."""
    full_run.write(tmp_path / "verbose_training_logs.jsonl")

    assert "run-1" == load_run(tmp_path).run_id
