"""W&B gets the run offline, in a run of our own or in the one that is active."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

LOOP = """
from verbose_logging import TrainingLogger
with TrainingLogger("toy", sinks=["wandb"], config={"learning_rate": 0.1, "hub_token": "abc"}, console="off",
                    probes=()) as logger:
    for step in range(1, 4):
        logger.log_step(step, loss=1.0 / step)
    logger.log_evaluation(3, val_loss=0.25)
"""
GUEST = (
    """
import wandb
wandb.init(settings=wandb.Settings(silent=True))
for step in range(5):
    wandb.log({"mine": step}, step=step)
"""
    + LOOP
    + """
assert wandb.run is not None
wandb.log({"mine": 5}, step=5)
wandb.finish()
"""
)


def run(code: str, folder: Path) -> None:
    """Runs a script with W&B offline."""
    environment = {**os.environ, "WANDB_MODE": "offline", "WANDB_DIR": str(folder)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert 0 == done.returncode, done.stderr


def records(folder: Path) -> list[Any]:
    """Returns the records of the one offline run: W&B's own messages in LevelDB's log format."""
    from wandb.proto.wandb_internal_pb2 import Record  # noqa: PLC0415 - loads for a second

    (path,) = folder.glob("wandb/offline-run-*/run-*.wandb")
    data, place, parts, found = path.read_bytes(), 7, b"", []
    while place + 7 <= len(data):
        if 32768 - place % 32768 < 7:
            place += 32768 - place % 32768
            continue
        length, kind = int.from_bytes(data[place + 4 : place + 6], "little"), data[place + 6]
        parts += data[place + 7 : place + 7 + length]
        place += 7 + length
        if kind in {1, 4}:
            found.append(Record.FromString(parts))
            parts = b""
    return found


def rows(folder: Path) -> list[dict[str, Any]]:
    """Returns the history's rows."""
    return [
        {item.key or "/".join(item.nested_key): json.loads(item.value_json) for item in record.history.item}
        for record in records(folder)
        if record.WhichOneof("record_type") == "history"
    ]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns the folder of a run of our own."""
    folder = tmp_path_factory.mktemp("own")
    run(LOOP, folder)
    return folder


def test_every_step_is_a_row_at_its_step(own: Path) -> None:
    """The loss of each step stands against the step's own number."""
    told = [(row["train/global_step"], row["train/loss"]) for row in rows(own) if "train/loss" in row]

    assert [(1, 1.0), (2, 0.5), (3, pytest.approx(1 / 3))] == told


def test_the_configuration_is_there_without_secrets(own: Path) -> None:
    """W&B gets what the log says of the run."""
    texts = [item.value_json for record in records(own) for item in record.config.update]

    assert any('"learning_rate": 0.1' in text or '"learning_rate":0.1' in text for text in texts)
    assert not any("abc" in text for text in texts)


def test_the_run_is_finished(own: Path) -> None:
    """The run ends with exit code 0."""
    (end,) = [record.exit for record in records(own) if record.WhichOneof("record_type") == "exit"]

    assert 0 == end.exit_code


def test_runs_one_after_the_other_are_runs_of_their_own(tmp_path: Path) -> None:
    """A run of ours that is being finished is not taken for somebody's active one."""
    run(LOOP + LOOP, tmp_path)

    assert 2 == len(list(tmp_path.glob("wandb/offline-run-*")))
    for line in (tmp_path / "verbose_training_logs.jsonl").read_text(encoding="utf-8").splitlines():
        sinks = (json.loads(line).get("logger") or {}).get("sinks", {})
        assert "failures" not in sinks.get("wandb", {})


def test_an_active_run_is_joined_and_left_open(tmp_path: Path) -> None:
    """Somebody else's run keeps all its rows at its own steps, has ours below `verbose/`, and goes on."""
    run(GUEST, tmp_path)

    found = rows(tmp_path)
    assert [0, 1, 2, 3, 4, 5] == [row["mine"] for row in found if "mine" in row]
    last = [row for row in found if "verbose/train/loss" in row][-1]
    assert (3, pytest.approx(1 / 3)) == (last["verbose/train/global_step"], last["verbose/train/loss"])
