"""What people watch."""

from __future__ import annotations

import contextlib
import io
import logging
import math
import os
from collections.abc import Iterator
from typing import TextIO

import pytest

from verbose_logging.sinks.console import FORMS, ConsoleSink, LineFormatter, TqdmHandler, log_to_console
from verbose_logging.testing import FactScript, record


def lines_of(script: FactScript, form: str = "steps") -> list[str]:
    """Returns what a form prints of a run at high."""
    printed: list[str] = []
    sink = ConsoleSink(form, lambda _severity, text, _when: printed.append(text))
    sink.write(record(script.facts).entries)
    return printed


def one_step(**step: float) -> FactScript:
    """Returns a run of 150 steps in three epochs that has done its first."""
    return FactScript(total_steps=150, steps_per_epoch=50).open().begin().epoch_begin().step(**step)


def test_step_line_has_the_fields_and_formats_of_the_sample() -> None:
    """Epoch, step, loss, running mean, learning rate, gradient norm and rate, byte for byte."""
    script = one_step(loss=10.2313, grad_norm=2.3456, learning_rate=1e-5, forward_backward=1 / 0.85, optimizer=0.0)

    assert (
        "✅ Epoch 1/3 | Step 1/150 | loss=10.2313 | avg_loss=10.2313 | lr=1.00e-05 | grad_norm=2.3456 | steps/s=0.85"
        == lines_of(script)[-1]
    )


def test_running_mean_is_that_of_the_sample() -> None:
    """After 10.2313, 5.2867, 5.2612 and 2.9820 the mean of the epoch is 5.9403."""
    script = one_step(loss=10.2313)
    for loss in (5.2867, 5.2612, 2.9820):
        script.step(loss=loss)

    assert ["10.2313", "7.7590", "6.9264", "5.9403"] == [
        line.split("avg_loss=")[1].split(" ")[0] for line in lines_of(script) if "avg_loss=" in line
    ]


def test_what_is_not_known_is_a_dash() -> None:
    """A step that the Trainer did not log has no loss and no norm; neither is printed as 0."""
    line = lines_of(one_step())[-1]

    assert "loss=- | avg_loss=- | lr=1.00e-03 | grad_norm=-" in line


def test_a_loss_that_is_not_a_number_says_so() -> None:
    """NaN and Infinity are printed as what they are."""
    line = lines_of(one_step(loss=math.nan, grad_norm=math.inf))[-1]

    assert "loss=NaN" in line
    assert "grad_norm=Infinity" in line


def test_epoch_lines_are_those_of_the_sample() -> None:
    """An epoch's beginning and end, byte for byte."""
    script = FactScript(total_steps=150, steps_per_epoch=50).open().begin().epoch_begin()
    for _ in range(50):
        script.step(loss=3.21451, data_wait=0.0, forward_backward=0.3054, optimizer=0.0)
    lines = lines_of(script.epoch_end())

    assert "📊 Epoch 1: Starting batch iteration over 50 batches" == lines[1]
    assert "🎯 Epoch 1 completed: avg_loss=3.2145, time=15.27s" == lines[-1]


@pytest.mark.parametrize("form", sorted(FORMS))
def test_form_prints_only_its_types(form: str) -> None:
    """Milestones have no step lines; off has none at all."""
    lines = lines_of(one_step(loss=1.0).evaluate(eval_loss=2.0).save().end(), form)

    assert (form == "steps") == any("| Step 1/150 |" in line for line in lines)
    assert (form != "off") == any("Evaluation at step 1: loss=2.0000" in line for line in lines)


def test_prefix_is_that_of_the_sample() -> None:
    """Date to the millisecond, level padded to eight, the logger's name."""
    line = logging.makeLogRecord({"name": "verbose_logging", "levelname": "INFO", "msg": "✅", "created": 0.227})
    text = LineFormatter().format(line)

    assert text.endswith(".227 | INFO     | verbose_logging - ✅")
    assert len("2025-09-20 22:31:25") == text.index(".")


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


def test_lines_go_to_stdout_where_nobody_listens(
    fresh_logger: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a handler of the user's, ours prints; once, however many lines come."""
    fresh_logger.handlers = []  # the test runner listens too
    for text in ("one", "two"):
        log_to_console(logging.INFO, text, 0.0)

    assert ["one", "two"] == [line.rsplit(" - ", 1)[1] for line in capsys.readouterr().out.splitlines()]
    assert 1 == len(fresh_logger.handlers)


def test_a_users_handler_is_the_only_one(fresh_logger: logging.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    """Where the user listens, lines go there and we print nothing; the record has the entry's time."""
    heard: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = heard.append  # type: ignore[method-assign]
    fresh_logger.addHandler(handler)
    log_to_console(logging.WARNING, "look", 1234.5)

    assert [("look", logging.WARNING, 1234.5)] == [(line.getMessage(), line.levelno, line.created) for line in heard]
    assert "" == capsys.readouterr().out


def test_a_poor_encoding_costs_the_emoji_not_the_line() -> None:
    """A stream that cannot show an emoji gets a question mark in its place."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    TqdmHandler(stream).handle(logging.makeLogRecord({"msg": "✅ done"}))
    stream.flush()

    assert b"? done\n" == raw.getvalue()


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


def test_a_reader_that_has_gone_costs_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    """A closed pipe takes the line and says nothing."""
    source, target = os.pipe()
    os.close(source)
    stream = os.fdopen(target, "w")
    TqdmHandler(stream).handle(logging.makeLogRecord({"msg": "hello?"}))
    with contextlib.suppress(BrokenPipeError):
        stream.close()

    assert "" == capsys.readouterr().err
