"""The recorder where nobody constructs it: `report_to="verbose_logging"`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from transformers.integrations import integration_utils

import verbose_logging.report_to  # noqa: F401 - imported for what it does
from tests.logs import read_lines
from verbose_logging import VerboseLoggingCallback
from verbose_logging.automatic import AutomaticCallback, register

pytestmark = pytest.mark.trainer


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The log that the environment names."""
    monkeypatch.setenv("VERBOSE_LOGGING_FILE", str(tmp_path / "log.jsonl"))
    monkeypatch.setenv("VERBOSE_LOGGING_LEVEL", "medium")
    return tmp_path / "log.jsonl"


def types(log: Path) -> list[str]:
    """Returns the types of a log's entries."""
    return [line["type"] for line in read_lines(log)]


def recorders(trainer: Any) -> list[VerboseLoggingCallback]:
    """Returns the recorders among a Trainer's callbacks."""
    return [part for part in trainer.callback_handler.callbacks if isinstance(part, VerboseLoggingCallback)]


def test_every_step_is_recorded(make_trainer: Any, log: Path) -> None:
    """The name in `report_to` is enough, and `logging_steps=500` leaves no step out."""
    trainer = make_trainer(callbacks=[], report_to="verbose_logging", logging_steps=500)

    trainer.train()

    assert 10 == types(log).count("training_step_complete")
    assert "training_complete" == types(log)[-1]


def test_a_callback_of_the_scripts_own_comes_first(
    make_trainer: Any, log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the script brings a recorder, the one of `report_to` writes nothing."""
    monkeypatch.delenv("VERBOSE_LOGGING_FILE")
    own = VerboseLoggingCallback("high", log_file=tmp_path / "own.jsonl", console="off")
    monkeypatch.setenv("VERBOSE_LOGGING_FILE", str(log))
    trainer = make_trainer(callbacks=[own], report_to="verbose_logging")

    trainer.train()
    own.close()

    assert (False, True) == (log.exists(), (tmp_path / "own.jsonl").exists())


def test_of_two_automatic_ones_the_first_records(make_trainer: Any, log: Path) -> None:
    """`report_to` under `verbose-logging run` gives one log, not two in one."""
    trainer = make_trainer(callbacks=[AutomaticCallback()], report_to="verbose_logging")

    trainer.train()

    assert 2 == len(recorders(trainer))
    assert 1 == types(log).count("training_start")


def test_the_name_is_added_once() -> None:
    """Registering again changes nothing, and every other name is as it was."""
    known = integration_utils.INTEGRATION_TO_CALLBACK
    before = dict(known)

    register()

    assert before == known
    assert {"tensorboard", "wandb", "verbose_logging"} <= known.keys()
