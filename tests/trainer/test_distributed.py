"""Two gloo processes: each rank's log is true for that rank."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.logs import read_lines

pytestmark = pytest.mark.trainer

SCRIPT = Path(__file__).parent / "distributed_run.py"


def run(
    folder: Path, *, logging_steps: int, mean_over: str = "all"
) -> dict[int, tuple[list[dict[str, Any]], dict[str, Any]]]:
    """Returns the log's steps and what was measured beside, by rank."""
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", "--master-port=0"]
    command += ["--standalone", str(SCRIPT), str(folder), str(logging_steps), mean_over]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    results = {}
    for rank, name in enumerate(("log.jsonl", "log.rank00001.jsonl")):
        lines = read_lines(folder / name)
        assert {rank} == {line["rank"] for line in lines}
        steps = [line for line in lines if line["type"] == "training_step_complete"]
        source = next(line for line in lines if line["type"] == "training_initialization")["metric_sources"]["loss"]
        assert source.startswith("the Trainer's log" if logging_steps == 1 else "training_step: this rank's")
        results[rank] = (steps, json.loads((folder / f"rank{rank}.json").read_text(encoding="utf-8")))
    return results


@pytest.fixture(scope="module")
def seldom(tmp_path_factory: pytest.TempPathFactory) -> dict[int, tuple[list[dict[str, Any]], dict[str, Any]]]:
    """A run whose Trainer logs every fourth step."""
    return run(tmp_path_factory.mktemp("seldom"), logging_steps=4)


@pytest.fixture(scope="module")
def always(tmp_path_factory: pytest.TempPathFactory) -> dict[int, tuple[list[dict[str, Any]], dict[str, Any]]]:
    """A run whose Trainer logs every step."""
    return run(tmp_path_factory.mktemp("always"), logging_steps=1)


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> dict[int, tuple[list[dict[str, Any]], dict[str, Any]]]:
    """A run in which each rank's loss is a mean over its own labels (`average_tokens_across_devices=False`)."""
    return run(tmp_path_factory.mktemp("apart"), logging_steps=4, mean_over="own")


@pytest.mark.parametrize("rank", [0, 1])
def test_own_loss_is_left_alone_where_it_is_over_own_labels(apart: dict[int, Any], rank: int) -> None:
    """What `training_step` gives is that rank's mean already; the divisor is not one of all ranks and is not told."""
    steps, measured = apart[rank]

    assert [truth["returned"] for truth in measured["truths"]] == [step["metrics"]["loss"] for step in steps]
    assert not [step for step in steps if "num_items_in_batch" in step["metrics"]]


@pytest.mark.parametrize("rank", [0, 1])
def test_own_loss_is_this_is_this_ranks_mean_over_its_own_tokens(seldom: dict[int, Any], rank: int) -> None:
    """Where the Trainer does not log each step, the loss is the mean that this rank's model gives on its batch."""
    steps, measured = seldom[rank]

    assert pytest.approx([truth["loss"] for truth in measured["truths"]], rel=1e-4) == [
        step["metrics"]["loss"] for step in steps
    ]
    assert [truth["loss_tokens"] for truth in measured["truths"]] == [step["metrics"]["loss_tokens"] for step in steps]


def test_the_ranks_really_had_uneven_tokens(seldom: dict[int, Any]) -> None:
    """Otherwise the test above would say nothing."""
    first, second = ([truth["loss_tokens"] for truth in seldom[rank][1]["truths"]] for rank in (0, 1))

    assert first != second


def test_the_trainers_mean_over_ranks_goes_first_where_it_is_logged(always: dict[int, Any]) -> None:
    """Logging each step, every rank's loss is the Trainer's mean over ranks; gradient norms agree with it too."""
    steps, measured = always[0]
    history = [entry for entry in measured["history"] if "loss" in entry]

    assert pytest.approx([entry["loss"] for entry in history], abs=5e-5) == [step["metrics"]["loss"] for step in steps]
    assert pytest.approx([entry["grad_norm"] for entry in history], rel=1e-5) == [
        step["metrics"]["grad_norm"] for step in steps
    ]


def test_items_of_all_ranks_are_counted_once(seldom: dict[int, Any]) -> None:
    """What the Trainer divides by is the sum of both ranks' labels."""
    own = [[truth["labels"] for truth in seldom[rank][1]["truths"]] for rank in (0, 1)]

    assert [a + b for a, b in zip(*own, strict=True)] == [
        step["metrics"]["num_items_in_batch"] for step in seldom[0][0]
    ]


@pytest.mark.usefixtures("seldom")
def test_only_rank_0_keeps_the_short_log(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Rank 1 has its own full log and nothing else."""
    folder = next(tmp_path_factory.getbasetemp().glob("seldom*"))

    assert ["log.jsonl", "log.rank00001.jsonl", "training_logs.jsonl"] == sorted(
        path.name for path in folder.glob("*.jsonl")
    )
