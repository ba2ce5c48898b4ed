"""Runs over HTTP: what is listed, what is refused, what goes on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from verbose_logging import TrainingLogger
from verbose_logging.web import create_app, create_router
from verbose_logging.web.small_body import MOST_BYTES

MakeClient = Callable[..., TestClient]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a folder with two runs in two logs, and something else."""
    place = tmp_path_factory.mktemp("runs")
    (place / "note.jsonl").write_text('{"loss": 1}\n')
    for name in ("first", "second"):
        options = {"log_file": place / name / "log.jsonl", "console": "off", "save_log_to_json": False, "probes": ()}
        with TrainingLogger(name, run_id=name, total_steps=3, **options) as logger:
            for step in range(1, 4):
                logger.log_step(step, loss=1.0 / step)
    return place


@pytest.fixture
def make_client(folder: Path) -> MakeClient:
    """Makes a client of this machine, or of another."""

    def make(token: str | None = None, host: str = "127.0.0.1", client: str = "127.0.0.1") -> TestClient:
        return TestClient(create_app(folder, token=token), base_url=f"http://{host}", client=(client, 5000))

    return make


def test_runs_are_listed_by_their_ids(make_client: MakeClient) -> None:
    """Each run has its id and its log, relative to the folder; other files are none."""
    expected = [{"id": "first", "log": "first/log.jsonl"}, {"id": "second", "log": "second/log.jsonl"}]

    assert expected == make_client().get("/runs").json()


def test_a_run_in_brief(make_client: MakeClient) -> None:
    """A run tells how it ended and how far it came."""
    summary = make_client().get("/runs/second").json()["summary"]

    assert ("complete", 3, "second") == (summary["outcome"], summary["steps_done"], summary["run_id"])


def test_entries_go_on_behind_the_last_one(make_client: MakeClient) -> None:
    """`after` gives what is new, `limit` so many at most."""
    client = make_client()
    every = client.get("/runs/first/entries").json()

    assert list(range(1, len(every) + 1)) == [entry["seq"] for entry in every]
    assert every[3:5] == client.get("/runs/first/entries", params={"after": 3, "limit": 2}).json()


def test_a_finished_run_streams_to_its_end(make_client: MakeClient) -> None:
    """Every entry is an event with its `seq` and type, and the stream ends with the run."""
    with make_client().stream("GET", "/runs/first/stream") as answer:
        blocks = "".join(answer.iter_text()).strip().split("\n\n")

    events = [dict(line.split(": ", 1) for line in block.splitlines()) for block in blocks]
    assert [str(place) for place in range(1, len(events) + 1)] == [event["id"] for event in events]
    assert "training_complete" == events[-1]["event"]
    assert "first" == json.loads(events[0]["data"])["run_id"]


def test_a_stream_goes_on_behind_the_last_event(make_client: MakeClient) -> None:
    """A browser that connects again says what it has, and gets the rest."""
    with make_client().stream("GET", "/runs/first/stream", headers={"Last-Event-ID": "4"}) as answer:
        assert next(answer.iter_lines()) == "id: 5"


def test_a_browser_that_has_everything_need_not_come_again(make_client: MakeClient) -> None:
    """Behind the last entry of a run that is over there is nothing, which 204 says for good."""
    client = make_client()
    last = client.get("/runs/first/entries").json()[-1]["seq"]

    assert 204 == client.get("/runs/first/stream", headers={"Last-Event-ID": str(last)}).status_code


@pytest.mark.parametrize("path", ["", "/entries", "/stream"])
@pytest.mark.parametrize("run_id", ["third", "..%2f..%2fetc%2fpasswd", "first%2flog.jsonl"])
def test_an_id_is_looked_up_and_never_a_path(make_client: MakeClient, run_id: str, path: str) -> None:
    """What the listing does not know is not found, whatever it looks like."""
    assert 404 == make_client().get(f"/runs/{run_id}{path}").status_code


@pytest.mark.parametrize("host", ["evil.example", "192.168.1.7:8000", "127.0.0.1.evil.example"])
def test_a_foreign_host_is_refused(make_client: MakeClient, host: str) -> None:
    """Without a token a request has to name this machine."""
    assert 403 == make_client(host=host).get("/runs").status_code


def test_another_machine_is_refused(make_client: MakeClient) -> None:
    """Without a token nobody else is answered, whatever host they name."""
    assert 403 == make_client(client="192.168.1.7").get("/runs").status_code


def test_a_token_opens_and_nothing_else_does(make_client: MakeClient) -> None:
    """With a token any machine may ask, by any name, if it has the token."""
    client = make_client("secret", host="gpu-node.example", client="192.168.1.7")

    assert 401 == client.get("/runs").status_code
    assert 401 == client.get("/runs", headers={"Authorization": "Bearer secret2"}).status_code
    assert 200 == client.get("/runs", headers={"Authorization": "Bearer secret"}).status_code


def test_an_empty_token_is_refused(folder: Path) -> None:
    """A token that everybody has is a mistake of the set-up."""
    with pytest.raises(ValueError, match="token: expected a text"):
        create_router(folder, token="")


def test_a_router_guards_itself_in_any_application(folder: Path) -> None:
    """The Host check is the router's own, so that an application cannot forget it."""
    app = FastAPI()
    app.include_router(create_router(folder))

    assert 403 == TestClient(app, base_url="http://evil.example").get("/runs").status_code


def test_a_form_starts_nothing(make_client: MakeClient) -> None:
    """A page somewhere else can send a form to this machine, but no JSON."""
    answer = make_client().post("/train", data={"model_name": "x"})

    assert 415 == answer.status_code


@pytest.mark.parametrize("length", ["promised", "unknown"])
def test_a_body_has_a_bound(length: str, make_client: MakeClient) -> None:
    """More than a config can be is not taken into memory, and starts nothing."""
    piece = b'{"model_name": "' + b"x" * 2 * MOST_BYTES + b'"}'
    content = piece if length == "promised" else iter([piece[:MOST_BYTES], piece[MOST_BYTES:]])

    answer = make_client().post("/train", content=content, headers={"Content-Type": "application/json"})

    assert (413, "expected a body of at most 1,048,576 bytes") == (answer.status_code, answer.json()["detail"])


def test_answers_are_hardened(make_client: MakeClient) -> None:
    """A browser takes an answer for what it is and nothing more."""
    headers = make_client().get("/runs").headers

    assert ("nosniff", "no-store") == (headers["x-content-type-options"], headers["cache-control"])


def test_a_run_of_somebody_else_is_not_stopped(make_client: MakeClient) -> None:
    """Only what this server started can be stopped."""
    assert 409 == make_client().delete("/runs/first").status_code
    assert 404 == make_client().delete("/runs/third").status_code


def test_a_log_that_grows_is_read_on(tmp_path: Path) -> None:
    """A run that comes later into a log that is known is listed, and so is one in a log of its own."""
    client = TestClient(create_app(tmp_path), base_url="http://localhost")
    seen: list[list[Any]] = [client.get("/runs").json()]
    for name in ("a", "b"):
        options = {"log_file": tmp_path / "log.jsonl", "console": "off", "save_log_to_json": False, "probes": ()}
        with TrainingLogger(run_id=name, **options) as logger:
            logger.log_step(1, loss=1.0)
        seen.append([run["id"] for run in client.get("/runs").json()])

    assert [[], ["a"], ["a", "b"]] == seen
