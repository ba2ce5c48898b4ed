"""From files to runs whatever state the file is in: other writers, newer schemas, cut and damaged lines."""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verbose_logging import load_run
from verbose_logging.errors import LogError
from verbose_logging.reading.files.source import scan_of

NewLog = Callable[..., Any]


def run_of(log: Any, folder: Path) -> Any:
    """Returns the run that is loaded from what a builder wrote."""
    return load_run(log.write(folder / "run.jsonl"))


def test_other_writers_and_line_ends_read_the_same(full_run: Any, tmp_path: Path) -> None:
    """Keys in another order, spaces, CRLF, a byte-order mark and gzip change nothing."""
    plain = run_of(full_run, tmp_path)
    spaced = [json.dumps(dict(reversed(json.loads(line).items()))).encode() for line in full_run.lines]
    for content in (
        b"\r\n".join(spaced) + b"\r\n",
        b"\xef\xbb\xbf" + full_run.content(),
        gzip.compress(full_run.content()),
    ):
        path = tmp_path / "other.jsonl"
        path.write_bytes(content)
        other = load_run(path)
        assert (plain.summary, plain.evaluations) == (other.summary, other.evaluations)
        assert [plain.steps[name] for name in plain.steps.columns] == [
            other.steps[name] for name in plain.steps.columns
        ]


def test_values_of_the_wrong_type_cost_themselves(full_run: Any, tmp_path: Path) -> None:
    """A text for a loss, a negative step, numbers of a thousand digits: absent, and everything else is there."""
    odd = b'{"type":"training_step_complete","run_id":"run-1","step":%s,"metrics":{"loss":%s},"timing":7}\n'
    lines = [odd % (b"5", b'"low"'), odd % (b"-1", b"1"), odd % (b"6", b"9" * 1000), odd % (b"9" * 30, b"2")]
    path = tmp_path / "odd.jsonl"
    path.write_bytes(full_run.content() + b"".join(lines))
    run = load_run(path)

    assert [1, 2, 3, 4, 5, None, 6, None] == run.steps["step"]
    assert [8.0, 6.0, 5.0, 5.5, None, 1.0, None, 2.0] == run.steps["loss"]


def test_tokens_of_other_tools_are_read(tmp_path: Path) -> None:
    """NaN and Infinity, which are no JSON, are read as what they mean."""
    path = tmp_path / "log.jsonl"
    path.write_bytes(
        b'{"type":"training_step_complete","run_id":"r","step":1,"metrics":{"loss":NaN,"grad_norm":Infinity}}\n'
    )
    steps = load_run(path).steps

    assert math.isnan(steps["loss"][0])
    assert [math.inf] == steps["grad_norm"]


def test_unknown_types_and_newer_schemas_pass_with_one_warning(new_log: NewLog, tmp_path: Path) -> None:
    """A log of a later version is read as far as it is understood."""
    path = tmp_path / "later.jsonl"
    newer = b'{"type":"system_initialization","run_id":"run-1","schema_version":99}\n'
    path.write_bytes(
        newer * 2 + b'{"type":"quantum_step","run_id":"run-1"}\n' + new_log().begin().step(1, 1.0).content()
    )
    run = load_run(path)

    assert [1.0] == run.steps["loss"]
    assert [1] == [problem.line for problem in run.problems]
    assert "99 is newer" in run.problems[0].what


@pytest.fixture(scope="module")
def whole_log(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes, list[int]]:
    """Returns a place, a log and the ends of its lines."""
    from tests.reading.conftest import LogBuilder  # noqa: PLC0415 - pytest owns the module

    log = LogBuilder().begin()
    for number in range(1, 6):
        log.step(number, 9.0 - number)
    content: bytes = log.complete(5).content()
    ends = [place + 1 for place, byte in enumerate(content) if byte == ord("\n")]
    return tmp_path_factory.mktemp("cut") / "cut.jsonl", content, ends


def whole_steps(content: bytes) -> list[int]:
    """Returns the steps on the whole lines, and on a last one that lacks only its end."""
    found = []
    for line in content.split(b"\n"):
        try:
            entry = msgspec.json.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
        if isinstance(entry, dict) and entry.get("type") == "training_step_complete":
            found.append(entry.get("step"))
    return found


def test_a_log_cut_at_any_byte_gives_every_whole_entry(whole_log: tuple[Path, bytes, list[int]]) -> None:
    """Each of its lengths: all whole lines are there, and nothing raises."""
    path, content, _ = whole_log
    for size in range(1, len(content) + 1):
        path.write_bytes(content[:size])
        expected = whole_steps(content[:size])
        if b"\n" in content[:size]:
            assert expected == load_run(path).steps["step"]
        else:
            assert [] == [item for item in scan_of(path) if hasattr(item, "rows")]


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_log_with_a_hole_anywhere_gives_the_rest(
    whole_log: tuple[Path, bytes, list[int]], data: st.DataObject
) -> None:
    """A run of bytes that is lost, or became NULs as after a power loss, costs the lines that it touches."""
    path, content, ends = whole_log
    start = data.draw(st.integers(ends[0], len(content) - 1))
    stop = data.draw(st.integers(start, len(content)))
    filling = data.draw(st.sampled_from([b"", b"\0", b"\xff", b"}{"]))
    damaged = content[:start] + filling * (stop - start) + content[stop:]
    path.write_bytes(damaged)
    run = load_run(path)
    for name in run.steps.columns:
        assert len(run.steps) == len(run.steps[name])

    expected = whole_steps(damaged)
    assert expected == [step for step in run.steps["step"] if step in expected]
    assert all(problem.what for problem in run.problems)


def _nested(depth: int) -> bytes:
    return b'{"type":"x","a":' + b"[" * depth


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "the file is empty"),
        (b"\x7fELF\x02\x01\x01\x00" + bytes(range(1, 8)) * 200, "binary, not a log"),
        ('{"type": "x"}\n'.encode("utf-16"), "UTF-16; convert it"),
        (b'[{"type": "x"}]', "a JSON array"),
        (b"hello\nworld\n", "no log entry in it; line 1: not valid JSON"),
        (b'{"a": 1}\n', "no log entry in it"),
        (b"\n\n", "no log entry in it"),
        (_nested(100_000), "no log entry in it; line 1"),
        (b'{"training_iterations": 7}', "no log entry in it"),
        (b'{\n"a": 1\n}\n', "'training_iterations' is missing"),
        (b'{\n"a": 1\n', "not a run JSON"),
        (gzip.compress(b'{"type":"x"}\n' * 1000)[:20], "the file is damaged|Compressed file|no log entry"),
    ],
)
def test_what_is_no_log_is_refused_in_one_line(content: bytes, expected: str, tmp_path: Path) -> None:
    """The line names the file and says what it is instead."""
    path = tmp_path / "thing.jsonl"
    path.write_bytes(content)
    with pytest.raises(LogError, match=expected) as refused:
        load_run(path)
    assert str(refused.value).startswith(str(path))
    assert "\n" not in str(refused.value)


def test_a_missing_file_is_answered_with_its_neighbours(full_run: Any, tmp_path: Path) -> None:
    """The name that was meant is at hand."""
    full_run.write(tmp_path / "run.jsonl")
    with pytest.raises(LogError, match=r"did you mean .*run\.jsonl"):
        load_run(tmp_path / "rum.jsonl")


def test_a_line_of_thirty_megabytes_is_one_line(full_run: Any, tmp_path: Path) -> None:
    """An entry can be large; one that is over 64 MiB costs itself."""
    path = tmp_path / "large.jsonl"
    large = b'{"type":"note","run_id":"run-1","text":"%s"}\n'
    path.write_bytes(large % (b"x" * (30 << 20)) + large % (b"x" * (65 << 20)) + full_run.content())
    run = load_run(path)

    assert (4, [2]) == (len(run.steps), [problem.line for problem in run.problems])
