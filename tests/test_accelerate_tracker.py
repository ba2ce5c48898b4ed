"""Accelerate's loops leave the same log, through its own seam for trackers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from accelerate import Accelerator

from verbose_logging import VerboseTracker
from verbose_logging.errors import SettingsError


@pytest.fixture
def log(tmp_path: Path) -> Any:
    """Returns a function that logs calls through an Accelerator, and returns the entries of one type."""

    def run(*calls: tuple[dict[str, Any], int | None]) -> list[dict[str, Any]]:
        tracker = VerboseTracker("toy", tmp_path, total_steps=4, console="off", probes=())
        accelerator = Accelerator(log_with=tracker, cpu=True)
        accelerator.init_trackers("project", config={"learning_rate": 0.1, "hub_token": "abc"})
        for values, step in calls:
            accelerator.log(values, step=step)
        accelerator.end_training()
        lines = (tmp_path / "verbose_training_logs.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    return run


def of_type(entries: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """Returns the entries of a type."""
    return [entry for entry in entries if entry["type"] == kind]


def test_usual_names_mean_what_they_say(log: Any) -> None:
    """A loss, a rate and a norm by any usual name become the step's own; others stay as they are."""
    values = {"train/loss": 2.0, "lr": 0.1, "grad_norm": 1.5, "reward": 3.0, "step": 7}

    (step,) = of_type(log((values, 1)), "training_step_complete")

    expected = {"loss": 2.0, "learning_rate": 0.1, "grad_norm": 1.5, "reward": 3.0}
    assert expected.items() <= step["metrics"].items()
    assert 1 == step["step"]


def test_a_run_ends_and_has_its_configuration(log: Any) -> None:
    """`end_training` is the end; the configuration stands in the header, without its secret."""
    entries = log(({"loss": 2.0}, 1))

    assert {"learning_rate": 0.1, "hub_token": "[redacted]"} == entries[1]["training_args"]
    assert "training_complete" == entries[-1]["type"]


def test_steps_without_a_number_are_counted(log: Any) -> None:
    """Where Accelerate is given no step, each call is the next one."""
    steps = of_type(log(({"loss": 2.0}, None), ({"loss": 1.0}, None)), "training_step_complete")

    assert [1, 2] == [step["step"] for step in steps]


def test_an_evaluation_of_a_known_step_is_no_step(log: Any) -> None:
    """A second call for the same step with evaluation numbers is an evaluation, with all that it carries."""
    entries = log(({"train_loss": 2.0}, 1), ({"eval_loss": 1.5, "train_loss": 1.9, "epoch": 0}, 1))

    assert 1 == len(of_type(entries, "training_step_complete"))
    (evaluation,) = of_type(entries, "evaluation_complete")
    assert {"eval_loss": 1.5, "train_loss": 1.9, "epoch": 0} == evaluation["metrics"]


def test_an_evaluation_without_a_number_is_of_the_last_step(log: Any) -> None:
    """Where Accelerate is given no step, an evaluation is none of its own, and neither is a call with nothing."""
    entries = log(({"loss": 2.0}, None), ({"val_loss": 1.5}, None), ({}, None), ({"loss": 1.0}, None))

    assert [1] == [entry["step"] for entry in of_type(entries, "evaluation_complete")]
    assert [1, 2] == [entry["step"] for entry in of_type(entries, "training_step_complete")]


def test_one_call_can_be_a_step_and_its_evaluation(log: Any) -> None:
    """A loop that logs both at once has both."""
    entries = log(({"train_loss": 2.0, "val_loss": 1.5}, 1))

    assert 2.0 == of_type(entries, "training_step_complete")[0]["metrics"]["loss"]
    assert {"val_loss": 1.5} == of_type(entries, "evaluation_complete")[0]["metrics"]


def test_a_wrong_option_is_refused() -> None:
    """A typing error is told where the tracker is made."""
    with pytest.raises(SettingsError, match="did you mean 'console'"):
        VerboseTracker("toy", consle="off")
