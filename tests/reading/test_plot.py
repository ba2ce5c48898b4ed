"""Runs as pictures: what is in them, whatever is in the runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from verbose_logging import entries, load_run
from verbose_logging.errors import LogError
from verbose_logging.reading.plot import draw, save_plot
from verbose_logging.reading.plot.curves import thinned
from verbose_logging.reading.runs.run import Run

NewLog = Callable[..., Any]


@pytest.fixture
def rich_run(new_log: NewLog, tmp_path: Path) -> Run:
    """Returns a run that has something for every panel, a NaN, a finding, and a name that is hard to draw."""
    log = new_log("r").add(
        entries.TrainingInitialization,
        training_args={},
        model_info={},
        dataset_info={},
        settings={"run_name": "$\\frac$ \x1b[31m <b>"},
        metric_sources={},
    )
    for number in range(1, 30):
        is_broken = number == 20
        log.add(
            entries.TrainingStepComplete,
            step=number,
            timing={"step_time_seconds": 0.1 * number, "tokens_per_second": 100.0},
            metrics={
                "loss": None if is_broken else 10.0 / number,
                "learning_rate": 1e-3,
                "grad_norm": 10.0**number,
                "mfu_percent": 30.0,
            },
            progress={},
            nonfinite={"metrics.loss": "NaN"} if is_broken else None,
            resource_usage={"sampled_at": str(number), "memory": {"usage_percent": 5.0}},
        )
    log.add(entries.EvaluationComplete, step=10, metrics={"eval_loss": 2.0})
    finding = {"rule": "nonfinite_loss", "severity": "CRITICAL", "state": "firing"}
    log.add(entries.TrainingHealth, step=20, **finding)
    return load_run(log.write(tmp_path / "rich.jsonl"))


def panels(*runs: Run) -> dict[str, Any]:
    """Returns the axes of the picture of runs by their titles."""
    return {ax.get_title(loc="left"): ax for ax in draw(runs).axes if ax.get_title(loc="left")}


def legend(ax: Any) -> list[str]:
    """Returns the texts of a legend."""
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_every_panel_is_drawn(rich_run: Run) -> None:
    """Loss with evaluations, rate, gradient, times, MFU, tokens and memory."""
    found = panels(rich_run)

    assert [
        *("Loss", "Learning rate", "Gradient norm, before clipping", "Step time"),
        *("Model FLOPs utilisation, %", "Tokens per second", "Memory in use, %"),
    ] == list(found)
    assert ["training", "evaluation", "not finite: 1 step from 20 on"] == legend(found["Loss"])
    assert "nonfinite_loss" in [text.get_text() for text in found["Loss"].texts]
    assert "log" == found["Gradient norm, before clipping"].get_yscale()


def test_what_a_run_lacks_has_no_panel(new_log: NewLog, tmp_path: Path) -> None:
    """No empty axes."""
    run = load_run(new_log().begin().step(1, 2.0).step(2, 1.0).write(tmp_path / "run.jsonl"))

    assert ["Loss", "Learning rate", "Step time"] == list(panels(run))


def test_evaluations_are_drawn_without_steps(new_log: NewLog, tmp_path: Path) -> None:
    """The lowest level writes no steps."""
    log = new_log().begin().add(entries.EvaluationComplete, step=2, metrics={"eval_loss": 1.5})

    drawn = panels(load_run(log.write(tmp_path / "run.jsonl")))

    assert ["evaluation"] == legend(drawn["Loss"])


def test_runs_lie_over_each_other(rich_run: Run, new_log: NewLog, tmp_path: Path) -> None:
    """Each run has its colour and its name in the legend."""
    other = load_run(new_log("o").begin().step(1, 2.0).step(2, 1.0).write(tmp_path / "run.jsonl"))

    assert 4 == len(legend(panels(rich_run, other)["Loss"]))


@pytest.mark.parametrize(("suffix", "magic"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_a_picture_has_the_form_that_its_name_says(rich_run: Run, tmp_path: Path, suffix: str, magic: bytes) -> None:
    """Names from a log are drawn as text, whatever stands in them."""
    target = save_plot([rich_run], tmp_path / f"picture.{suffix}")

    assert target.read_bytes().startswith(magic)
    assert b"\x1b" not in target.read_bytes()[:200_000] or suffix != "svg"


@pytest.mark.parametrize(
    ("name", "expected"), [("picture.pgn", "did you mean 'png'"), ("no/where/picture.png", "No such file")]
)
def test_a_place_that_takes_no_picture_is_refused(rich_run: Run, tmp_path: Path, name: str, expected: str) -> None:
    """One line says what is wrong with it."""
    with pytest.raises(LogError, match=expected):
        save_plot([rich_run], tmp_path / name)


def test_a_run_without_steps_is_refused(new_log: NewLog, tmp_path: Path) -> None:
    """There is nothing to draw."""
    with pytest.raises(LogError, match="no step in it to draw"):
        draw([load_run(new_log().begin().write(tmp_path / "run.jsonl"))])


def test_a_long_curve_keeps_its_spikes() -> None:
    """A million points become 4,000, and the highest and the lowest are among them."""
    values = [0.0] * 1_000_000
    values[123_457], values[765_432] = 9.0, -9.0
    steps, shown = thinned(range(len(values)), values)

    assert len(shown) <= 4000
    assert {123_457: 9.0, 765_432: -9.0}.items() <= dict(zip(steps, shown, strict=True)).items()
