"""Runs beside each other."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from verbose_logging import compare_runs, entries
from verbose_logging.errors import LogError

NewLog = Callable[..., Any]


def logged(new_log: NewLog, path: Path, *, losses: list[float | None], seconds: float = 0.5, **described: Any) -> Path:
    """Returns the path of a run with such losses, and an evaluation that is half the last of them."""
    fields = {
        "training_args": {"learning_rate": 1e-3, "output_dir": str(path), "per_device_train_batch_size": 8},
        "model_info": {"name": "TinyLM", "config": {"vocab_size": 100}},
        "dataset_info": {"eval": {"size": 8}},
        "settings": {"run_name": path.stem},
        "metric_sources": {},
    }
    log = new_log(path.stem).add(entries.TrainingInitialization, **{**fields, **described})
    log.add(entries.TrainingStart, attempt=1, total_steps=len(losses), world_size=1)
    for number, loss in enumerate(losses, start=1):
        marks = {"nonfinite": {"metrics.loss": "NaN"}} if loss is None else {}
        log.step(number, loss, seconds, **marks)
    finite = [loss for loss in losses if loss is not None]
    log.add(entries.EvaluationComplete, step=len(losses), metrics={"eval_loss": finite[-1] / 2})
    return Path(log.write(path))


@pytest.fixture
def pair(new_log: NewLog, tmp_path: Path) -> list[Path]:
    """Returns two runs that differ in their learning rate alone; the second is better and slower."""
    other = {"learning_rate": 2e-3, "output_dir": "elsewhere", "per_device_train_batch_size": 8}
    return [
        logged(new_log, tmp_path / "base.jsonl", losses=[4.0, 2.0]),
        logged(new_log, tmp_path / "other.jsonl", losses=[4.0, 1.0], seconds=1.0, training_args=other),
    ]


def test_an_option_that_one_run_does_not_record_does_not_differ(new_log: NewLog, tmp_path: Path) -> None:
    """It stands apart; what two of three runs record differently differs, and what says nothing is left out."""
    given: list[dict[str, Any]] = [{"seed": 1}, {"seed": 1, "bf16": True, "lr": 1.0, "optim_args": None}, {"lr": 2.0}]
    paths = [
        logged(new_log, tmp_path / f"{number}.jsonl", losses=[4.0], training_args=options)
        for number, options in enumerate(given)
    ]

    found = compare_runs(paths)["differences"]

    assert {"lr": [None, 1.0, 2.0]} == found["config"]
    assert {"seed": [1, 1, None], "bf16": [None, True, None]} == found["not_in_all"]


def test_the_lowest_level_is_compared_by_what_its_end_says(new_log: NewLog, tmp_path: Path) -> None:
    """It writes no steps, and yet had as many as the other run."""
    low = new_log("low").add(entries.TrainingStart, attempt=1, total_steps=2, world_size=1)
    statistics = {"final_loss": 3.0, "avg_step_time_seconds": 0.25, "current_step": 2}
    low.add(entries.TrainingComplete, step=2, statistics=statistics, time_ledger={}, peaks={})
    full = logged(new_log, tmp_path / "full.jsonl", losses=[4.0, 2.0])

    found = compare_runs([low.write(tmp_path / "low.jsonl"), full])

    assert (3.0, 250.0, 2) == tuple(
        found["runs"][0][name] for name in ("final_loss", "avg_time_ms", "total_iterations")
    )
    assert not [note for note in found["differences"]["notes"] if "numbers of steps" in note]


def test_the_words_of_people_s_own_scripts_work(pair: list[Path]) -> None:
    """The usual line for each run can be formatted; what is not known is nan."""
    lines = [
        f"{run['run_name']}: final_loss={run['final_loss']:.4f}, "
        f"best_val={run['best_val_loss']:.4f}, mfu={run['avg_mfu']:.2f}%"
        for run in compare_runs(pair)["runs"]
    ]

    assert [
        "base: final_loss=2.0000, best_val=1.0000, mfu=nan%",
        "other: final_loss=1.0000, best_val=0.5000, mfu=nan%",
    ] == lines


def test_only_what_differs_is_told(pair: list[Path]) -> None:
    """Of the options those that differ, without the places that always do."""
    assert {"learning_rate": [1e-3, 2e-3]} == compare_runs(pair)["differences"]["config"]


def test_differences_have_a_direction(pair: list[Path]) -> None:
    """Lower is better for a loss and for a time; percentages are from the first run on."""
    found = compare_runs(pair)["differences"]

    assert {"better": "lower", "percent": [0.0, -50.0], "best": "other"} == found["figures"]["final_loss"]
    assert {"better": "lower", "percent": [0.0, 100.0], "best": "base"} == found["figures"]["avg_time_ms"]
    assert {"better": "higher", "percent": [None, None], "best": None} == found["figures"]["avg_mfu"]
    assert [] == found["notes"]


@pytest.mark.parametrize(
    ("described", "note", "figure"),
    [
        ({"dataset_info": {"eval": {"size": 9}}}, "evaluation losses are of different data", "best_val_loss"),
        ({"model_info": {"config": {"vocab_size": 9}}}, "losses are over different vocabularies", "final_loss"),
        (
            {"training_args": {"per_device_train_batch_size": 1}},
            "step times are of different batch sizes: 8, 1",
            "avg_time_ms",
        ),
    ],
)
def test_what_cannot_be_compared_is_said(
    new_log: NewLog, tmp_path: Path, described: dict[str, Any], note: str, figure: str
) -> None:
    """Where the conditions differ there is a note, and no run is called better by that figure."""
    paths = [
        logged(new_log, tmp_path / "base.jsonl", losses=[4.0, 2.0]),
        logged(new_log, tmp_path / "other.jsonl", losses=[4.0, 1.0], **described),
    ]
    found = compare_runs(paths)["differences"]

    assert note in found["notes"][0]
    assert (None, None) == (found["figures"][figure]["better"], found["figures"][figure]["best"])


def test_a_run_that_ended_in_nan_is_not_the_best(new_log: NewLog, tmp_path: Path) -> None:
    """The last loss is what it was; not a number is never the lowest."""
    paths = [
        logged(new_log, tmp_path / "good.jsonl", losses=[4.0, 2.0]),
        logged(new_log, tmp_path / "broken.jsonl", losses=[1.0, None]),
    ]
    found = compare_runs(paths)

    assert math.isnan(found["runs"][1]["final_loss"])
    assert found["differences"]["figures"]["final_loss"]["best"] is None


def test_no_run_is_refused() -> None:
    """There has to be something to compare."""
    with pytest.raises(LogError, match="no run to compare"):
        compare_runs([])
