"""A real server starts a real training, and a real client follows it to its end."""

from __future__ import annotations

import json
import runpy
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from verbose_logging import train_with_config
from verbose_logging.web import create_app

SEED_CONFIG = {
    "use_verbose_logging": True,
    "verbosity_level": "high",
    "model_name": {
        "architecture": "qwen2",
        "vocab_size": 300,
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "max_position_embeddings": 64,
    },
    "max_seq_length": 32,
    "num_train_epochs": 3,
    "per_device_train_batch_size": 2,
    "gradient_accumulation_steps": 4,
    "learning_rate": 2e-4,
    "max_steps": 6,
    "warmup_steps": 2,
    "save_steps": 25,
    "logging_steps": 1,
}

GUIDE = """
from fastapi import FastAPI
from verbose_logging import VerboseLoggingCallback

app = FastAPI()

@app.post("/train")
async def start_training(config: dict):
    # Configure verbose logging
    config.update({
        "use_verbose_logging": True,
        "verbosity_level": "high"
    })

    # Start training with verbose logging
    train_with_config(config=config)

    return {"status": "Training started with verbose logging"}
"""

pytestmark = pytest.mark.trainer


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Returns the path of a small data set."""
    path = tmp_path_factory.mktemp("data") / "train.jsonl"
    path.write_text("".join(json.dumps({"text": f"line {place} of a small data set"}) + "\n" for place in range(64)))
    return str(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns where the runs lie."""
    return tmp_path_factory.mktemp("runs")


@contextmanager
def served(app: FastAPI) -> Iterator[httpx.Client]:
    """Yields a client of a server on this machine."""
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", timeout_graceful_shutdown=2)
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120) as made:
        yield made
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[httpx.Client]:
    """Yields a client of the whole application."""
    with served(create_app(folder)) as made:
        yield made
        for run in made.get("/runs").json():  # what a failed test has left
            made.delete(f"/runs/{run['id']}")


def followed(client: httpx.Client, run_id: str) -> list[dict[str, Any]]:
    """Returns the entries of a stream, when it has ended by itself."""
    with client.stream("GET", f"/runs/{run_id}/stream") as answer:
        lines = [line for line in answer.iter_lines() if line.startswith("data: ")]
    return [json.loads(line.removeprefix("data: ")) for line in lines]


@pytest.fixture(scope="module")
def run(client: httpx.Client, data: str) -> tuple[str, list[dict[str, Any]]]:
    """Returns the id and the streamed entries of a training with the usual config."""
    answer = client.post("/train", json={**SEED_CONFIG, "train_dataset": data})
    assert 202 == answer.status_code, answer.text
    assert "Training started with verbose logging" == answer.json()["status"]
    run_id = answer.json()["id"]
    entries = followed(client, run_id)
    assert entries, client.get(f"/runs/{run_id}").text
    return run_id, entries


def test_a_client_follows_a_training_to_its_end(run: tuple[str, list[dict[str, Any]]]) -> None:
    """The stream has every entry of the run, in order, and ends when the run does."""
    run_id, entries = run

    assert list(range(1, len(entries) + 1)) == [entry["seq"] for entry in entries]
    assert {run_id} == {entry["run_id"] for entry in entries}
    assert [1, 2, 3, 4, 5, 6] == [e["step"] for e in entries if e["type"] == "training_step_complete"]
    assert "training_complete" == entries[-1]["type"]


def test_a_started_run_is_listed_and_shown(client: httpx.Client, run: tuple[str, list[dict[str, Any]]]) -> None:
    """It stands in the listing by the id that it was started with."""
    run_id, _ = run

    assert {"id": run_id, "log": f"{run_id}/verbose_training_logs.jsonl"} in client.get("/runs").json()
    assert "complete" == client.get(f"/runs/{run_id}").json()["summary"]["outcome"]


def test_files_of_a_training_are_private(folder: Path, run: tuple[str, list[dict[str, Any]]]) -> None:
    """The config may hold secrets, so nobody else reads it, or what was printed."""
    place = folder / run[0]

    assert 0o700 == place.stat().st_mode & 0o777
    assert {0o600} == {(place / name).stat().st_mode & 0o777 for name in ("config.json", "output.txt")}


def test_a_wrong_config_comes_back_as_one_line(client: httpx.Client, data: str) -> None:
    """Every mistake is named in one line, and nothing is started."""
    before = client.get("/runs").json()
    answer = client.post(
        "/train", json={**SEED_CONFIG, "train_dataset": data, "lerning_rate": 1e-3, "max_steps": "six"}
    )

    assert 422 == answer.status_code
    detail = answer.json()["detail"]
    assert "lerning_rate" in detail
    assert "did you mean 'learning_rate'" in detail
    assert "max_steps" in detail
    assert "\n" not in detail
    assert before == client.get("/runs").json()


def test_a_training_can_be_stopped(client: httpx.Client, data: str) -> None:
    """DELETE ends a training that was started here; its stream ends too."""
    config = {**SEED_CONFIG, "train_dataset": data, "max_steps": 5_000}
    run_id = client.post("/train", json=config).json()["id"]
    with client.stream("GET", f"/runs/{run_id}/stream") as answer:
        lines = answer.iter_lines()
        assert "event: training_step_complete" in lines
        assert "stopping" == client.delete(f"/runs/{run_id}").json()["status"]
        assert "event: training_interrupted" in lines

    # the process outlives its log's last line by the interpreter's end
    assert any(not client.get(f"/runs/{run_id}").json()["is_alive"] for _ in range(2000))
    assert "ended already" == client.delete(f"/runs/{run_id}").json()["status"]


def test_a_training_that_dies_before_it_begins_says_why(client: httpx.Client, tmp_path: Path) -> None:
    """A stream of it ends, and the run tells its last words."""
    empty = tmp_path / "empty.jsonl"
    empty.write_text('{"text": ""}\n')
    answer = client.post("/train", json={**SEED_CONFIG, "train_dataset": str(empty)})
    if answer.status_code == 422:
        return
    run_id = answer.json()["id"]

    assert [] == followed(client, run_id)
    shown = client.get(f"/runs/{run_id}").json()
    assert shown["exit_code"]
    assert shown["last_words"]


def test_the_example_is_such_a_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`examples/fastapi_app.py` answers as it stands, and says of a wrong config what is wrong."""
    monkeypatch.chdir(tmp_path)
    app = runpy.run_path(str(Path(__file__).parents[2] / "examples" / "fastapi_app.py"))["app"]

    with served(app) as client:
        assert [] == client.get("/runs").json()
        answer = client.post("/train", json={"modle_name": "x"})
    assert 422 == answer.status_code
    assert "did you mean 'model_name'" in answer.json()["detail"]


def test_the_guides_own_route_trains_as_it_is_written(
    tmp_path: Path, data: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The block "With FastAPI" of the guide works in an application as it stands there."""
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"train_with_config": train_with_config}
    exec(GUIDE, names)  # noqa: S102 - the guide's own words

    with served(names["app"]) as client:
        answer = client.post("/train", json={**SEED_CONFIG, "train_dataset": data, "max_steps": 2, "console": "off"})
    assert {"status": "Training started with verbose logging"} == answer.json()
    log = (tmp_path / "verbose_training_logs.jsonl").read_text(encoding="utf-8")
    assert '"type":"training_complete"' in log.splitlines()[-1]
