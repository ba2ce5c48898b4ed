"""Steps count from 0 or from 1, one by one or in tens, from the beginning or behind a checkpoint."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.loop.plain_loops import MakeLogger, entries
from verbose_logging import load_run


def test_an_evaluation_before_the_first_step_stands_at_its_own_step(make_logger: MakeLogger, tmp_path: Path) -> None:
    """A loop in the style of nanoGPT evaluates before it trains; at iteration 10 the last finished step is 9."""
    with make_logger() as logger:
        logger.log_evaluation(0, val_loss=3.0)
        for step in range(10):
            logger.log_step(step, loss=1.0)
        logger.log_evaluation(10, val_loss=2.0)

    assert [0, 10] == [entry["step"] for entry in entries(tmp_path, "evaluation_complete")]


def test_without_a_context_the_first_steps_time_is_not_known(make_logger: MakeLogger, tmp_path: Path) -> None:
    """Nobody saw when the first step began, so its time is absent and not 0."""
    logger = make_logger()
    logger.log_step(1, loss=2.0)
    logger.log_step(2, loss=1.0)
    logger.close()

    first, second = entries(tmp_path, "training_step_complete")
    assert "step_time_seconds" not in first["timing"]
    assert second["timing"]["step_time_seconds"] > 0


def test_steps_from_one_are_steps_finished(make_logger: MakeLogger, tmp_path: Path) -> None:
    """A loop that counts from 1 has finished as many as the number says."""
    with make_logger(total_steps=4) as logger:
        logger.log_step(1, loss=1.0)

    (step,) = entries(tmp_path, "training_step_complete")
    assert 25.0 == step["progress"]["progress_percent"]


def test_a_resumed_loop_goes_on_where_it_was(make_logger: MakeLogger, tmp_path: Path) -> None:
    """With 50 of 100 steps behind it, the step numbered 50 is the 51st, and the first of this session."""
    with make_logger(total_steps=100, resumed_from_step=50) as logger:
        logger.log_step(50, loss=1.0)

    (start,), (step,) = entries(tmp_path, "training_start"), entries(tmp_path, "training_step_complete")
    assert 50 == start["resumed_from_step"]
    assert (51, 1) == (step["progress"]["current_step"], step["progress"]["steps_completed_this_session"])


def test_every_tenth_step_is_the_mean_of_ten(make_logger: MakeLogger, tmp_path: Path) -> None:
    """A loop that logs every tenth step only has the time of one step in each entry, not of ten."""
    with make_logger() as logger:
        for step in (0, 10, 20):
            logger.log_step(step, loss=1.0)

    first, *rest = entries(tmp_path, "training_step_complete")
    (end,) = entries(tmp_path, "training_complete")
    told = first["timing"]["step_time_seconds"] + sum(10 * step["timing"]["step_time_seconds"] for step in rest)
    assert pytest.approx(end["time_ledger"]["training_seconds"], abs=2e-5) == told  # each is told in microseconds


def test_steps_may_be_numbers_of_numpy(make_logger: MakeLogger, tmp_path: Path) -> None:
    """A loop over `numpy.arange` has its log and its run's document as any other."""
    with make_logger("toy") as logger:
        for step in np.arange(3):
            logger.log_step(step, loss=np.float32(1.5))
        logger.log_evaluation(step, val_loss=np.float32(1.5))
        logger.log_checkpoint(step, tmp_path)

    assert [0, 1, 2] == [entry["step"] for entry in entries(tmp_path, "training_step_complete")]
    (document,) = (json.loads(path.read_bytes()) for path in tmp_path.glob("toy_*.json"))
    assert [0, 1, 2] == [row["iter"] for row in document["training_iterations"]]
    assert [2] == [row["iter"] for row in document["eval_steps"]] == [row["iter"] for row in document["checkpoints"]]


@pytest.mark.parametrize(("first", "saved_at", "finished"), [(0, 5, 5), (0, 4, 5), (1, 5, 5)])
def test_a_loop_that_resumes_from_a_known_checkpoint_goes_on_with_its_run(
    make_logger: MakeLogger, tmp_path: Path, first: int, saved_at: int, finished: int
) -> None:
    """Counted from 0 and saved before or behind the step, or counted from 1: it is one run of ten steps, each once."""
    (tmp_path / "ckpt.pt").write_bytes(b"weights")
    with make_logger(total_steps=10) as logger:
        for step in range(first, first + 8):
            if step == saved_at and saved_at == finished and first == 0:
                logger.log_checkpoint(saved_at, tmp_path / "ckpt.pt")
            logger.log_step(step, loss=1.0)
            if step == saved_at and not (saved_at == finished and first == 0):
                logger.log_checkpoint(saved_at, tmp_path / "ckpt.pt")
    with make_logger(total_steps=10, resumed_from_step=finished, resumed_from=tmp_path / "ckpt.pt") as logger:
        for step in range(first + finished, first + 10):
            logger.log_step(step, loss=0.5)

    assert 1 == len({entry["run_id"] for entry in entries(tmp_path)})
    start = entries(tmp_path, "training_start")[1]
    assert (2, finished) == (start["session"], start["resumed_from_step"])
    losses = [1.0] * finished + [0.5] * (10 - finished)
    steps = load_run(tmp_path / "log.jsonl").steps
    assert (list(range(first, first + 10)), losses) == (steps["step"], steps["loss"])
    (document,) = tmp_path.glob("run_*.json")
    rows = json.loads(document.read_text(encoding="utf-8"))["training_iterations"]
    assert list(zip(range(first, first + 10), losses, strict=True)) == [(row["iter"], row["loss"]) for row in rows]
