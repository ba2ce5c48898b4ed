from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from verbose_logging.cli import main


def test_a_good_log_is_valid(log_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A good log is said to be one, with what is in it."""
    assert 0 == main(["validate", str(log_file)])
    assert (
        "valid: run.jsonl, 11 entries, 1 run\n"
        "        1  evaluation_complete\n"
        "        1  model_checkpoint_save\n"
        "        1  resource_warning\n"
        "        1  system_initialization\n"
        "        1  training_complete\n"
        "        1  training_initialization\n"
        "        1  training_start\n"
        "        4  training_step_complete\n"
    ) == capsys.readouterr().out


def test_findings_go_to_stdout_and_the_refusal_to_stderr(log_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each finding has its line; the exit status says that the log is not good."""
    log_file.write_bytes(log_file.read_bytes().replace(b'"loss":8.0', b'"loss":NaN').replace(b'"seq":6,', b""))

    assert 1 == main(["validate", str(log_file)])

    out, err = capsys.readouterr()

    assert [
        "run.jsonl:4: the token NaN is not JSON",
        "run.jsonl:6: seq: missing",
        "run.jsonl: 1 entry missing before seq 7 of run run-1",
    ] == out.splitlines()
    assert "error: run.jsonl: 2 findings, 9 good entries\n" == err


def test_many_findings_are_cut(log_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A terminal gets the first twenty."""
    log_file.write_text("x\n" * 25)

    assert 1 == main(["validate", str(log_file)])

    lines = capsys.readouterr().out.splitlines()

    assert (21, "... 5 more; --json lists them") == (len(lines), lines[-1])


def test_json_holds_the_whole_report(log_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--json` prints every part of the report, and the exit status stays."""
    log_file.write_bytes(log_file.read_bytes() + b"x\n")

    assert 1 == main(["validate", str(log_file), "--json"])

    report = json.loads(capsys.readouterr().out)

    assert (False, 11, [{"line": 12, "what": "not valid JSON"}]) == (
        report["is_valid"],
        report["entries"],
        report["findings"],
    )


@pytest.mark.parametrize("verb", ["show", "validate"])
def test_a_pipe_is_refused_at_once(verb: str, empty_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A verb does not wait for what may never be written."""
    os.mkfifo(empty_folder / "pipe.jsonl")

    assert 1 == main([verb, "pipe.jsonl"])
    assert ("", "error: pipe.jsonl: not a regular file\n") == capsys.readouterr()
