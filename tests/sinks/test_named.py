"""Sinks by name: the table's and those of installed packages."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from tests.logs import read_lines
from verbose_logging import Settings, TrainingLogger, VerboseLoggingCallback
from verbose_logging.errors import MissingExtraError, SettingsError
from verbose_logging.options.named_sinks import NAMED_SINKS, NamedSink, check_named_sinks
from verbose_logging.protocols import Sink
from verbose_logging.sinks.named import make_sinks


@pytest.mark.parametrize("name", sorted(NAMED_SINKS))
def test_a_named_sink_fits_its_seam_and_touches_nothing_when_it_is_made(name: str, tmp_path: Any) -> None:
    """Every named sink has the methods of the protocol, and is made only for an entry."""
    settings = Settings.from_options(log_file=tmp_path / "log.jsonl", sinks=[name])

    (sink,) = make_sinks(settings).values()

    assert isinstance(sink, Sink)
    sink.flush()
    sink.close()
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("door", [VerboseLoggingCallback, TrainingLogger])
def test_an_unknown_name_is_refused_at_the_door(door: Any) -> None:
    """The nearest name is named before training begins."""
    with pytest.raises(SettingsError, match="sinks: no sink 'tensorbord'; did you mean 'tensorboard'"):
        door(sinks=["tensorbord"], console="off")


def test_a_missing_library_is_named_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its library a sink says what to install."""
    monkeypatch.setitem(NAMED_SINKS, "absent", NamedSink("no_such_library", "nowhere"))

    with pytest.raises(MissingExtraError, match=r"the sink 'absent' .*pip install 'verbose-logging\[absent\]'"):
        check_named_sinks(["absent"])


def test_an_object_without_the_methods_is_refused() -> None:
    """What is no sink and no name is told as that."""
    with pytest.raises(SettingsError, match=r"lacks the methods of verbose_logging\.protocols\.Sink"):
        Settings.from_options(sinks=[object()])


def test_a_sink_that_cannot_work_costs_its_own_numbers(tmp_path: Path) -> None:
    """With its port taken, Prometheus gets nothing; the log is whole and says why, once and with a count."""
    options = {"log_file": tmp_path / "log.jsonl", "console": "off", "save_log_to_json": False, "probes": ()}
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with TrainingLogger(sinks=["prometheus"], prometheus_port=port, **options) as logger:
            for step in range(1, 6):
                logger.log_step(step, loss=1.0)
                assert logger.flush()

    *_, end = read_lines(tmp_path / "log.jsonl")
    told = end["logger"]["sinks"]["prometheus"]
    assert (1, False) == (told["failures"], told["switched_off"])
    assert "Address already in use; prometheus_port= names another" in told["error"]
    assert told["undelivered_entries"] >= 1
