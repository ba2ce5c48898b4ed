"""A plain loop's run stands beside a Trainer's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from verbose_logging import TrainingLogger, compare_runs
from verbose_logging.cli import main

pytestmark = pytest.mark.trainer


@pytest.fixture
def trainers_run(tmp_path: Path, train: Any) -> Path:
    """Returns the run JSON of a Trainer that evaluates at its end."""
    train(output_dir=str(tmp_path / "trainer"), eval_strategy="steps", eval_steps=5)
    (path,) = (tmp_path / "trainer").glob("run_*.json")
    return path


@pytest.fixture
def loops_run(tmp_path: Path) -> Path:
    """Returns the run JSON of a loop as a newcomer to the recorder writes it, in the style of nanoGPT."""
    torch.manual_seed(0)
    model = torch.nn.Linear(4, 1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
    inputs = torch.randn(32, 4)
    max_iters, out_dir = 10, tmp_path / "loop"
    logger = TrainingLogger(
        "my_experiment",
        total_steps=max_iters,
        config={"learning_rate": 0.1, "max_iters": max_iters},
        model=model,
        output_dir=out_dir,
        log_file=out_dir / "log.jsonl",
        console="off",
    )
    with logger:
        for iter_num in range(max_iters):
            if iter_num % 5 == 0:
                logger.log_evaluation(iter_num, train_loss=1.0, val_loss=2.0 - iter_num / 10, lr=0.1)
            loss = (model(inputs) ** 2).mean()
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            logger.log_step(iter_num, loss=loss, learning_rate=0.1)
    (path,) = out_dir.glob("my_experiment_*.json")
    return path


def test_compare_puts_a_loop_beside_a_trainer(trainers_run: Path, loops_run: Path) -> None:
    """Both run JSONs have a final loss and a best validation loss, side by side."""
    trainer, loop = compare_runs([trainers_run, loops_run])["runs"]

    assert [trainers_run.stem, loops_run.stem] == [trainer["run_name"], loop["run_name"]]
    assert 1.5 == loop["best_val_loss"]
    assert trainer["best_val_loss"] > 0
    assert trainer["final_loss"] > 0
    assert loop["final_loss"] > 0


def test_the_verb_shows_both(trainers_run: Path, loops_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`verbose-logging compare` prints a line for each."""
    assert 0 == main(["compare", str(trainers_run), str(loops_run)])

    printed = capsys.readouterr().out
    assert trainers_run.stem[:12] in printed
    assert "my_experiment" in printed


def test_a_loops_document_is_that_of_the_guide(loops_run: Path) -> None:
    """Iterations are numbered as the loop numbers them, and the summary counts them."""
    document = json.loads(loops_run.read_text(encoding="utf-8"))

    assert list(range(10)) == [row["iter"] for row in document["training_iterations"]]
    assert [(0, 1.0, 2.0, 0.1), (5, 1.0, 1.5, 0.1)] == [
        (row["iter"], row["train_loss"], row["val_loss"], row["lr"]) for row in document["eval_steps"]
    ]
    assert {"total_iterations": 10, "final_iter": 9, "best_val_loss": 1.5}.items() <= document["summary"].items()
    assert {"learning_rate": 0.1, "max_iters": 10}.items() <= document["config"].items()
