"""Messages to people, by real servers on this machine."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from verbose_logging.errors import MissingExtraError, SettingsError
from verbose_logging.facts import RunBroken
from verbose_logging.settings import Settings
from verbose_logging.sinks.action_lanes import action_lanes
from verbose_logging.sinks.notify import NotifySink, Wanted, plugin_of
from verbose_logging.testing import FactScript, record

NAN = float("nan")


class Problems(list[tuple[str, str]]):
    """Remembers what is told."""

    def __call__(self, part: str, error: Exception) -> None:
        """Takes a problem."""
        self.append((part, str(error)))


def entries(*, fails: bool = False) -> list[Any]:
    """Returns a run with a CRITICAL and a WARNING, which ends well or by an exception with a secret."""
    script = FactScript(total_steps=40, steps_per_epoch=40).open().begin().epoch_begin()
    script.read("memory", {"usage_percent": 95.0})
    for loss in (3.0, NAN, 2.9):
        script.step(micro_steps=[{"loss": loss}], gradient_norm=1.0)
    if fails:
        script.add(RunBroken, "failed", {"type": "ValueError", "message": "token hf_abcdefgh01234567"}, {})
    else:
        script.end()
    return list(record(script.facts).entries)


def titles(wanted: Wanted, *, fails: bool = False) -> list[str]:
    """Returns the titles of what is sent."""
    sent: list[str] = []

    def send(title: str, text: str) -> bool:
        assert text
        sent.append(title)
        return True

    NotifySink("x", lambda: send, wanted, run_name="demo", on_problem=Problems()).write(entries(fails=fails))
    return sent


def test_start_end_and_findings_from_a_severity_up_are_sent() -> None:
    """The CRITICAL is, the WARNING is not."""
    sent = titles(Wanted("ERROR"))

    assert 3 == len(sent)
    assert sent[0].startswith("demo: 🚀 Training starts")
    assert "demo: CRITICAL nonfinite_loss at step 2" == sent[1]
    assert sent[2].startswith("demo: 🏁 Training stopped early")


def test_a_rule_that_was_given_the_action_is_sent_whatever_its_severity() -> None:
    """`"action": "notify"` for a WARNING."""
    assert "demo: WARNING high_memory at step 1" in titles(Wanted("CRITICAL", frozenset({"high_memory"})))


def test_a_failure_is_sent_without_what_the_exception_says() -> None:
    """Its text may hold a path, a sample or a key; its type does not."""
    sent = titles(Wanted("CRITICAL"), fails=True)

    assert "demo: 🛑 Training failed after step 3: ValueError" == sent[-1]
    assert "hf_" not in "".join(sent)


class Mailbox:
    """Takes mail."""

    def __init__(self) -> None:
        self.received: list[str] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: ARG002, N802 - aiosmtpd's
        """Keeps a message."""
        self.received.append(envelope.content.decode())
        return "250 OK"


@pytest.fixture
def mail() -> Iterator[tuple[Mailbox, int]]:
    """A mail server on this machine."""
    box = Mailbox()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, port
    controller.stop()


class _Page(BaseHTTPRequestHandler):
    """Takes a message, hangs, or refuses, as its server is told."""

    def do_POST(self) -> None:
        """Answers."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server: Any = self.server
        server.received.append(json.loads(body))
        if server.mood == "hangs":
            server.released.wait(30)
        self.send_response(500 if server.mood == "refuses" else 200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Prints nothing."""


@pytest.fixture
def web() -> Iterator[Any]:
    """A web server on this machine, whose mood can be set."""
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    server.daemon_threads = True
    server.received, server.mood, server.released = [], "takes", threading.Event()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.released.set()
    server.shutdown()
    server.server_close()
    thread.join(5)


def deliver(*addresses: str, problems: Problems | None = None) -> float:
    """Sends a run's messages as a session does, and returns how long that kept its thread."""
    lanes = action_lanes(
        Settings.from_options(notify=list(addresses), run_name="demo"), Problems() if problems is None else problems
    )
    began = time.monotonic()
    for lane in lanes.values():
        lane.write(entries())
    kept = time.monotonic() - began
    for lane in lanes.values():
        lane.close()
    return kept


def test_mail_arrives(mail: tuple[Mailbox, int]) -> None:
    """Start, finding and end, with verdict and remedy, and no address of ours in the text."""
    box, port = mail
    deliver(f"mailto://127.0.0.1:{port}?from=me@example.org&to=you@example.org&mode=insecure")

    assert 3 == len(box.received)
    assert "nonfinite_loss" in box.received[1]


def test_a_web_hook_is_called(web: Any) -> None:
    """Title and text as JSON."""
    deliver(f"json://127.0.0.1:{web.server_port}/hook")

    assert 3 == len(web.received)
    assert "demo: CRITICAL nonfinite_loss at step 2" == web.received[1]["title"]
    assert "Try:" in web.received[1]["message"]


def test_a_server_that_refuses_is_told_of_without_its_address(web: Any) -> None:
    """Every message is tried; the complaint names the scheme and the place."""
    web.mood, problems = "refuses", Problems()
    deliver(f"json://user:hunter2@127.0.0.1:{web.server_port}/hook", problems=problems)

    assert 3 == len(web.received)
    assert {("notify json 1", "a message was not taken: refused, or no answer in time")} == set(problems)


def test_nobody_listening_is_no_matter() -> None:
    """A refused connection costs the message."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    problems = Problems()
    deliver(f"json://127.0.0.1:{port}/hook", problems=problems)

    assert {"notify json 1"} == {part for part, _ in problems}


def test_a_server_that_hangs_keeps_nobody(web: Any) -> None:
    """The one beside it has its messages, the giver goes on at once, and the end waits two seconds for it."""
    web.mood = "hangs"
    other = ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    other.received, other.mood = [], "takes"  # type: ignore[attr-defined]
    threading.Thread(target=other.serve_forever, daemon=True).start()
    began = time.monotonic()
    kept = deliver(f"json://127.0.0.1:{web.server_port}/a", f"json://127.0.0.1:{other.server_port}/b")
    took = time.monotonic() - began
    other.shutdown()
    other.server_close()

    assert kept < 0.5
    assert took < 5.0
    assert 3 == len(other.received)  # type: ignore[attr-defined]
    assert 1 == len(web.received)


def test_an_attempt_is_given_up_after_five_seconds() -> None:
    """To connect, and for the answer; and no message waits for the one before."""
    plugin = plugin_of("json://127.0.0.1:9/hook")

    assert (5.0, 5.0) == plugin.request_timeout
    assert 0.0 == plugin.request_rate_per_sec


@pytest.mark.parametrize("address", ["malito://user:hunter2@example.org", "no address at all", "slack://hunter2"])
def test_a_wrong_address_is_refused_without_being_told(address: str) -> None:
    """Its place and scheme, the nearest scheme, and nothing that may be a secret."""
    with pytest.raises(SettingsError, match="notify: address 1") as refusal:
        Settings.from_options(notify=[address])

    assert "hunter2" not in str(refusal.value)


def test_the_environment_gives_addresses_and_the_log_has_their_schemes_only() -> None:
    """What stands in the log of the settings is no secret."""
    settings = Settings.from_options().with_environment(
        {"VERBOSE_LOGGING_NOTIFY": "json://user:hunter2@host/a, mailto://me:hunter2@example.org"}
    )

    assert 2 == len(settings.notify)
    assert ["json", "mailto"] == settings.described()["notify"]
    assert "hunter2" not in str(settings.described())


def test_a_missing_library_is_named_with_its_command() -> None:
    """As for every extra."""
    assert "verbose-logging[notify]" in str(MissingExtraError("notify", "notify"))
