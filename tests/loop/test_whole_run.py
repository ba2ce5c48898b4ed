"""A plain loop leaves the same log as a Trainer."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.loop.plain_loops import entries
from verbose_logging import TrainingLogger
from verbose_logging.reading.validate import validate_log


@pytest.fixture(scope="module")
def loop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns the folder of a loop over two epochs of three steps, counted from 0, each with an evaluation."""
    folder = tmp_path_factory.mktemp("loop")
    model = torch.nn.Linear(4, 1)
    config = {"learning_rate": 0.1, "hub_token": "hf_abcdefgh01234567"}
    options = {"log_file": folder / "log.jsonl", "console": "off", "output_dir": folder}
    with TrainingLogger("toy", total_steps=6, total_epochs=2, config=config, model=model, **options) as logger:
        for step in range(6):
            loss = torch.tensor(2.0 / (step + 1), requires_grad=True)
            logger.log_step(
                step,
                loss=loss,
                learning_rate=0.1,
                grad_norm=torch.tensor(1.5),
                samples=4,
                tokens=32,
                epoch=step // 3,
                accuracy=0.5,
            )
            if step % 3 == 2:
                logger.log_evaluation(step, val_loss=0.5)
                (folder / "ckpt.pt").write_bytes(b"x" * 1024)
                logger.log_checkpoint(step, folder / "ckpt.pt", val_loss=0.5)
    return folder


def test_a_loop_gives_the_entries_of_a_trainer_in_their_order(loop: Path) -> None:
    """Starts, epochs, steps, evaluations, checkpoints and the end stand where a Trainer's would."""
    kinds = [entry["type"] for entry in entries(loop) if entry["type"] != "progress_report"]
    step = ["training_step_complete", "training_metrics_update"]
    epoch = ["epoch_begin", *3 * step, "evaluation_complete", "model_checkpoint_save", "epoch_complete"]
    starts = ["system_initialization", "training_initialization", "training_start"]

    assert [*starts, *epoch, *epoch, "training_complete"] == kinds


def test_every_line_of_a_loop_is_valid(loop: Path) -> None:
    """A loop's log satisfies the schema, and nothing is missing."""
    assert [] == validate_log(loop / "log.jsonl").findings


def test_numbers_are_those_that_were_given(loop: Path) -> None:
    """Tensors become numbers; the step keeps its number, and counts as one more that is finished."""
    first = entries(loop, "training_step_complete")[0]

    given = {"loss": 2.0, "learning_rate": 0.1, "grad_norm": 1.5, "accuracy": 0.5, "real_tokens": 32}
    assert given.items() <= first["metrics"].items()
    assert 0 == first["step"]
    assert {"current_step": 1, "total_steps": 6, "remaining_steps": 5}.items() <= first["progress"].items()


def test_a_loop_that_counts_from_zero_is_complete_at_its_last_step(loop: Path) -> None:
    """Six steps numbered 0 to 5 are all of six."""
    (end,) = entries(loop, "training_complete")

    assert "🏁 Training complete: 6 steps" in end["message"]
    assert 100.0 == end["statistics"]["progress_percent"]


def test_a_steps_time_is_not_split_where_nobody_saw_it(loop: Path) -> None:
    """A loop's steps have a time and no phases; the ledger calls it training."""
    step = entries(loop, "training_step_complete")[1]
    (end,) = entries(loop, "training_complete")

    assert step["timing"]["step_time_seconds"] > 0
    assert "phases" not in step["timing"]
    assert end["time_ledger"]["training_seconds"] > 0
    assert end["time_ledger"]["evaluation_seconds"] > 0


def test_the_header_knows_the_model_and_the_config_without_its_secrets(loop: Path) -> None:
    """`model` and `config` stand in the log; a token does not."""
    (header,) = entries(loop, "training_initialization")

    assert 5 == header["model_info"]["total_parameters"]
    assert {"learning_rate": 0.1, "hub_token": "[redacted]"} == header["training_args"]


def test_evaluations_and_checkpoints_keep_their_numbers(loop: Path) -> None:
    """The step is the one that was given, and a checkpoint has its size and metrics."""
    evaluation = entries(loop, "evaluation_complete")[0]
    checkpoint = entries(loop, "model_checkpoint_save")[1]

    assert (2, {"val_loss": 0.5}) == (evaluation["step"], evaluation["metrics"])
    assert (5, 0.5, 1 / 1024) == (checkpoint["step"], checkpoint["metrics"]["val_loss"], checkpoint["size_mb"])
