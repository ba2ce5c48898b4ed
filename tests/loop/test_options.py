"""What a logger is told when it is made, and what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.loop.plain_loops import MakeLogger, entries
from verbose_logging import TrainingLogger
from verbose_logging.errors import SettingsError


def test_a_switched_off_logger_writes_nothing(
    make_logger: MakeLogger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """VERBOSE_LOGGING_DISABLED=1 leaves a loop as if we were not there."""
    monkeypatch.setenv("VERBOSE_LOGGING_DISABLED", "1")
    with make_logger() as logger:
        logger.log_step(1, loss=1.0)

    assert [] == list(tmp_path.iterdir())


def test_only_rank_0_records(make_logger: MakeLogger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other processes of a job stay silent."""
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    with make_logger() as logger:
        logger.log_step(1, loss=1.0)

    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"total_step": 3}, "no option 'total_step'; did you mean 'total_steps'?"),
        ({"verbosity_levl": "high"}, "no option 'verbosity_levl'; did you mean 'verbosity_level'?"),
        ({"total_steps": 0}, "total_steps: expected a positive whole number, got 0"),
        ({"total_steps": "100"}, "total_steps: expected a positive whole number, got '100'"),
        ({"total_epochs": True}, "total_epochs: expected a positive whole number, got True"),
        ({"resumed_from_step": -3}, "resumed_from_step: expected a positive whole number, got -3"),
        ({"resumed_from_step": "last"}, "resumed_from_step: expected a positive whole number, got 'last'"),
        ({"console": "step"}, "console: got 'step', expected auto, steps,"),
    ],
)
def test_a_wrong_option_of_a_loop_is_told_at_once(options: dict[str, Any], message: str) -> None:
    """What the logger is given is judged where it is made, by the names that it takes itself too."""
    with pytest.raises(SettingsError) as refusal:
        TrainingLogger(**options)

    assert str(refusal.value).startswith(message)


def test_a_run_can_be_given_its_id(make_logger: MakeLogger, tmp_path: Path) -> None:
    """Who starts a run, a server for example, can know its id beforehand."""
    with make_logger(run_id="nightly-7") as logger:
        logger.log_step(1, loss=1.0)

    assert {"nightly-7"} == {entry["run_id"] for entry in entries(tmp_path)}
