"""The way out: the standard library's logging, and a handler of ours where the user has none."""

from __future__ import annotations

import contextlib
import io
import logging
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

import pytest

from verbose_logging import TrainingLogger
from verbose_logging.console.output import Output
from verbose_logging.sinks.console_handler import LineFormatter, TqdmHandler
from verbose_logging.sinks.console_log import log_to_console

AT = "2025-09-20T22:31:25.227000+02:00"


@pytest.fixture
def fresh_logger() -> Iterator[logging.Logger]:
    """The logger `verbose_logging` as a new process has it, cut off from the test runner's handlers."""
    logger = logging.getLogger("verbose_logging")
    handlers, level, propagate = logger.handlers[:], logger.level, logger.propagate
    logger.handlers, logger.propagate = [], False
    logger.setLevel(logging.NOTSET)
    yield logger
    logger.handlers, logger.propagate = handlers, propagate
    logger.setLevel(level)


def test_a_line_stands_in_the_entrys_own_time(fresh_logger: logging.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    """Date as the log has it, whatever this machine's zone; level padded to eight, the logger's name."""
    fresh_logger.handlers = []
    log_to_console(Output(rows=("✅",), timestamp=AT))

    assert "2025-09-20 22:31:25.227 | INFO     | verbose_logging - ✅\n" == capsys.readouterr().out


def test_a_block_stands_as_it_is(fresh_logger: logging.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    """Rows that are bare have no prefix."""
    fresh_logger.handlers = []
    log_to_console(Output(rows=("Step", "10"), timestamp=AT, bare=True))

    assert "Step\n10\n" == capsys.readouterr().out


def test_a_warning_of_our_own_is_dated_by_its_record() -> None:
    """A record that tells of no entry has the time of its making."""
    line = logging.makeLogRecord({"name": "verbose_logging", "levelname": "WARNING", "msg": "hm", "created": 0.227})

    assert LineFormatter().format(line).endswith(".227 | WARNING  | verbose_logging - hm")


def test_lines_go_to_stdout_where_nobody_listens(
    fresh_logger: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a handler of the user's, ours prints; once, however many lines come."""
    fresh_logger.handlers = []  # the test runner listens too
    for text in ("one", "two"):
        log_to_console(Output(rows=(text,), timestamp=AT))

    assert ["one", "two"] == [line.rsplit(" - ", 1)[1] for line in capsys.readouterr().out.splitlines()]
    assert 1 == len(fresh_logger.handlers)


def test_what_fails_before_the_first_line_is_told_as_a_line(
    fresh_logger: logging.Logger, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A user's function that raises at once is told with date and level, in one row without control characters."""

    def broken(_state: Any, _model: Any) -> dict[str, Any]:
        raise ValueError("no\nneurons\x1b[31m")

    fresh_logger.handlers = []
    log_file = tmp_path / "log.jsonl"
    with TrainingLogger(total_steps=1, log_file=log_file, save_log_to_json=False, model_state=broken) as logger:
        logger.log_step(1, loss=1.0)
    (told,) = [line for line in capsys.readouterr().out.splitlines() if "model_state" in line]

    assert told.endswith(
        r"| WARNING  | verbose_logging - model_state (not asked again) failed: ValueError: no\nneurons\x1b[31m"
    )


def test_a_users_handler_is_the_only_one(fresh_logger: logging.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    """Where the user listens, lines go there and we print nothing; the record has the entry's time."""
    heard: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = heard.append  # type: ignore[method-assign]
    fresh_logger.addHandler(handler)
    log_to_console(Output(rows=("look", "closer"), timestamp=AT, severity="WARNING", style="yellow"))

    assert [("look\ncloser", logging.WARNING, datetime.fromisoformat(AT).timestamp())] == [
        (line.getMessage(), line.levelno, line.created) for line in heard
    ]
    assert "" == capsys.readouterr().out


def test_a_poor_encoding_costs_the_emoji_not_the_line() -> None:
    """A stream that cannot show an emoji gets the line without it."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    TqdmHandler(stream).handle(logging.makeLogRecord({"msg": "✅ done"}))
    stream.flush()

    assert b"done\n" == raw.getvalue()


@pytest.fixture
def full_pipe() -> Iterator[tuple[int, TextIO]]:
    """A pipe that is full: the end to read from, and a stream on the other."""
    source, target = os.pipe()
    os.set_blocking(target, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(target, bytes(4096))
    os.set_blocking(target, True)
    with os.fdopen(source, "rb"), os.fdopen(target, "w") as stream:
        yield source, stream


def test_a_line_that_would_block_is_dropped(full_pipe: tuple[int, TextIO]) -> None:
    """Whoever logs to a full pipe goes on without the line; once there is room, lines arrive at once."""
    source, stream = full_pipe
    handler = TqdmHandler(stream)
    assert not handler.handle(logging.makeLogRecord({"msg": "too early"}))

    os.read(source, 1 << 20)
    assert handler.handle(logging.makeLogRecord({"msg": "in time"}))
    assert b"in time\n" == os.read(source, 1 << 20)


@pytest.mark.parametrize("is_there", [False, True], ids=["none", "closed"])
def test_a_process_without_stdout_gets_no_tracebacks(is_there: bool, capsys: pytest.CaptureFixture[str]) -> None:
    """A daemon has no stdout, or has closed it; lines go nowhere and nothing is said of them."""
    stdout = io.StringIO() if is_there else None
    if stdout is not None:
        stdout.close()
    with contextlib.redirect_stdout(stdout):
        TqdmHandler().handle(logging.makeLogRecord({"msg": "lost"}))

    assert ("", "") == capsys.readouterr()


def test_a_reader_that_has_gone_costs_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    """A closed pipe takes the line and says nothing."""
    source, target = os.pipe()
    os.close(source)
    stream = os.fdopen(target, "w")
    TqdmHandler(stream).handle(logging.makeLogRecord({"msg": "hello?"}))
    with contextlib.suppress(BrokenPipeError):
        stream.close()

    assert "" == capsys.readouterr().err
