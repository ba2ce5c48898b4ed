"""TensorBoard reads back what the run was."""

from __future__ import annotations

from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from verbose_logging import TrainingLogger


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> EventAccumulator:
    """Returns what TensorBoard reads of a short run."""
    folder = tmp_path_factory.mktemp("run")
    options = {"log_file": folder / "log.jsonl", "console": "off", "output_dir": folder, "probes": ()}
    with TrainingLogger("toy run", sinks=["tensorboard"], **options) as logger:
        for step in range(1, 4):
            logger.log_step(step, loss=1.0 / step)
        logger.log_evaluation(3, val_loss=0.25)
    (place,) = (folder / "runs").iterdir()
    assert place.name.startswith("toy_run_")
    return EventAccumulator(str(place)).Reload()


def test_every_step_has_its_loss(events: EventAccumulator) -> None:
    """The curve has a point for each step, at its step."""
    assert [(1, 1.0), (2, 0.5), (3, pytest.approx(1 / 3))] == [
        (point.step, point.value) for point in events.Scalars("train/loss")
    ]


def test_points_stand_at_the_time_of_the_step(events: EventAccumulator) -> None:
    """Wall times are the entries' own and never go back."""
    times = [point.wall_time for point in events.Scalars("timing/total_elapsed_minutes")]

    assert sorted(times) == times


def test_evaluations_are_curves_too(events: EventAccumulator) -> None:
    """An evaluation's numbers stand below `eval/`."""
    assert [(3, 0.25)] == [(point.step, point.value) for point in events.Scalars("eval/val_loss")]


def test_its_folder_can_be_named(tmp_path: Path) -> None:
    """`tensorboard_dir` is where the event files go."""
    options = {"log_file": tmp_path / "log.jsonl", "console": "off", "save_log_to_json": False, "probes": ()}
    with TrainingLogger(sinks=["tensorboard"], tensorboard_dir=str(tmp_path / "tb"), **options) as logger:
        logger.log_step(1, loss=1.0)

    assert 1 == len(list((tmp_path / "tb").glob("run_*/events.out.tfevents.*")))
