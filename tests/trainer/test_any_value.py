"""Arbitrary Python values, in a user's own entries and in what the Trainer logs: strict JSON, never an exception."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.logs import read_lines
from tests.strategies import any_keys, any_values
from verbose_logging import VerboseLoggingCallback
from verbose_logging.facts import TrainBegin
from verbose_logging.reading.validate import validate_log
from verbose_logging.trainer_taps.step_hooks import step_hooks

pytestmark = pytest.mark.trainer

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def callback(tmp_path: Path) -> Iterator[VerboseLoggingCallback]:
    """Yields a callback whose recording is open."""
    callback = VerboseLoggingCallback("ultra", log_file=str(tmp_path / "log.jsonl"), console="off", strict=True)
    callback._write_log({"type": "first"})  # noqa: SLF001 - the documented method
    yield callback
    callback.close()


@pytest.fixture
def lines(callback: VerboseLoggingCallback) -> Lines:
    """Returns the log's lines, read by a parser that refuses NaN."""

    def read() -> list[dict[str, Any]]:
        assert callback.flush(30)
        return read_lines(callback.settings.log_path)

    return read


def test_any_entry_of_a_users_is_one_strict_line(callback: VerboseLoggingCallback, lines: Lines) -> None:
    """Whatever `_write_log` is given, each entry is a line, numbered on, with a type and without an exception."""
    written: list[Any] = []

    @settings(max_examples=200, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.dictionaries(any_keys, any_values, max_size=8) | st.fixed_dictionaries({"type": any_values}))
    def write(entry: Any) -> None:
        written.append(entry)
        callback._write_log(entry)  # noqa: SLF001 - the documented method

    write()
    numbers = [line["seq"] for line in lines() if line["type"] not in ("first", "system_initialization")]

    assert len(written) == len(numbers)
    assert sorted(numbers) == numbers
    assert validate_log(callback.settings.log_path).is_valid


def test_what_is_no_mapping_is_told_once(callback: VerboseLoggingCallback, lines: Lines) -> None:
    """A number, a text, nothing: no line, no exception."""
    before = len(lines())
    for entry in (3, "text", None, object()):
        callback._write_log(entry)  # type: ignore[arg-type] # noqa: SLF001 - the documented method

    assert before == len(lines())


def test_any_logs_of_the_trainers_are_strict_json(callback: VerboseLoggingCallback, lines: Lines) -> None:
    """Whatever stands in `logs`, the log stays valid, `logs` stays as it is, and nothing is raised."""
    session = callback._recordings.session  # noqa: SLF001 - what a training would be recorded by
    assert session is not None
    hooks = step_hooks(session.entrance, gradient_norms=None, ask_model=None, tell=lambda _part, _error: None)
    session.begin(TrainBegin(0.0, 0, 1000, 1, 1000, 1000, attempt=1))
    count = 0

    @settings(max_examples=200, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.dictionaries(any_keys, any_values, max_size=8))
    def log(logs: Any) -> None:
        nonlocal count
        count += 1
        keys, values = list(logs), [id(value) for value in logs.values()]
        hooks.on_log(None, None, None, logs=logs)
        assert (keys, values) == (list(logs), [id(value) for value in logs.values()])

    log()

    assert count == len([line for line in lines() if line["type"] == "training_metrics_update"])
    assert validate_log(callback.settings.log_path).is_valid
