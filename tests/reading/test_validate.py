from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from verbose_logging.errors import LogError
from verbose_logging.log_parts import packed_part, plain_part
from verbose_logging.reading.validate import FINDINGS_KEPT, Finding, Gap, validate_log


def _findings(folder: Path, content: bytes) -> list[Finding]:
    path = folder / "log.jsonl"
    path.write_bytes(content)
    return validate_log(path).findings


def test_a_good_log_is_valid(tmp_path: Path, full_run: Any) -> None:
    """A log as we write it has no finding and is counted by type."""
    report = validate_log(full_run.write(tmp_path / "log.jsonl"))

    assert report.is_valid
    assert ([], [], ["run-1"], 12) == (report.findings, report.gaps, report.run_ids, report.entries)
    assert {
        "evaluation_complete": 1,
        "model_checkpoint_save": 1,
        "resource_warning": 2,
        "system_initialization": 1,
        "training_complete": 1,
        "training_initialization": 1,
        "training_start": 1,
        "training_step_complete": 4,
    } == report.types


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        (b'"loss":2.0', b'"loss":NaN', Finding(1, "the token NaN is not JSON")),
        (b'"seq":1', b'"seq":"1"', Finding(1, "Expected int, got str", "seq")),
        (b'"timing":', b'"timings":', Finding(1, "missing", "timing")),
        (b'"message":', b'"massage":', Finding(1, "missing", "message")),
        (b'"loss":2.0', b'"loss":[2]', Finding(1, "Expected int | float | str | null, got array", "metrics[...]")),
        (b"+00:00", b"", Finding(1, "no UTC offset", "timestamp")),
        (b"2026-01-02T", b"2nd of January ", Finding(1, "not an ISO 8601 time", "timestamp")),
        (b'"level":"INFO"', b'"level":"LOUD"', Finding(1, "Invalid enum value 'LOUD'", "level")),
        (b"}\n", b"\n", Finding(1, "not valid JSON")),
        (b"}\n", b"", Finding(1, "the last line is cut")),
    ],
)
def test_a_fault_is_named_with_line_and_key(
    tmp_path: Path, new_log: Callable[..., Any], old: bytes, new: bytes, finding: Finding
) -> None:
    """Each kind of fault gives one finding that says where and what."""
    content = new_log().step(1, 2.0).content()
    broken = new.join(content.rsplit(old, 1)) if old == b"}\n" else content.replace(old, new, 1)

    assert broken != content
    assert [finding] == _findings(tmp_path, broken)


def test_a_users_entry_needs_the_four_keys_only(tmp_path: Path) -> None:
    """A type that we do not know is good with the four keys as text."""
    entry = b'{"timestamp":"now","type":"mine","level":"INFO","message":"x","loss":"any"}\n'

    assert [] == _findings(tmp_path, entry)
    assert [Finding(1, "not a text", "level")] == _findings(tmp_path, entry.replace(b'"INFO"', b"20"))


def test_an_empty_line_is_a_finding(tmp_path: Path, new_log: Callable[..., Any]) -> None:
    """A blank line in the middle is no entry."""
    log = new_log().step(1, 2.0).step(2, 1.0)

    assert [Finding(2, "an empty line")] == _findings(tmp_path, b"\n".join(log.lines))


def test_an_empty_file_is_a_finding(tmp_path: Path) -> None:
    """A file without an entry is no log."""
    assert [Finding(0, "no entry in the file")] == _findings(tmp_path, b"")


def test_missing_numbers_are_a_gap_and_no_fault(tmp_path: Path, new_log: Callable[..., Any]) -> None:
    """Entries that are gone are counted; the others are good."""
    log = new_log().step(1, 4.0).step(2, 3.0).step(3, 2.0).step(4, 1.0)
    del log.lines[1:3]

    report = validate_log(log.write(tmp_path / "log.jsonl"))

    assert report.is_valid
    assert [Gap("run-1", 0, after=1, before=4)] == report.gaps
    assert 2 == report.gaps[0].missing


def test_bad_lines_are_present(tmp_path: Path, new_log: Callable[..., Any]) -> None:
    """An entry that is bad is a finding, and no gap as well."""
    log = new_log().step(1, 4.0).step(2, 3.0).step(3, 2.0).step(4, 1.0)
    log.lines[1] = log.lines[1].replace(b'"timing":', b'"timings":')
    log.lines[2] = log.lines[2].replace(b'"loss":2.0', b'"loss":NaN')

    report = validate_log(log.write(tmp_path / "log.jsonl"))

    assert [2, 3] == [finding.line for finding in report.findings]
    assert [] == report.gaps


def test_a_number_that_comes_again_is_a_finding(tmp_path: Path, new_log: Callable[..., Any]) -> None:
    """An entry twice in the file is a fault of the writer."""
    log = new_log().step(1, 4.0)

    assert [Finding(2, "1 comes after 1", "seq")] == _findings(tmp_path, log.content() * 2)


def test_runs_are_numbered_apart(tmp_path: Path, new_log: Callable[..., Any]) -> None:
    """Two runs in one file, even interleaved, each count from 1."""
    one, two = new_log("one").step(1, 4.0).step(2, 3.0), new_log("two").step(1, 4.0).step(2, 3.0)
    path = tmp_path / "log.jsonl"
    path.write_bytes(b"".join(line for pair in zip(one.lines, two.lines, strict=True) for line in pair))

    report = validate_log(path)

    assert (True, [], ["one", "two"]) == (report.is_valid, report.gaps, report.run_ids)


def test_the_findings_kept_are_bounded(tmp_path: Path) -> None:
    """A file that is no log at all is counted to its end without being kept."""
    path = tmp_path / "log.jsonl"
    path.write_bytes(b"x\n" * (FINDINGS_KEPT + 7))

    report = validate_log(path)

    assert (FINDINGS_KEPT, FINDINGS_KEPT + 7) == (len(report.findings), report.finding_count)


def test_a_damaged_archive_is_a_finding(tmp_path: Path, full_run: Any) -> None:
    """What cannot be read is not passed over in silence."""
    findings = _findings(tmp_path, gzip.compress(full_run.content())[:-8])

    assert 1 == len(findings)
    assert "damaged from here on" in findings[0].what


def test_a_pipe_is_refused(tmp_path: Path) -> None:
    """Nothing waits for the writer of a pipe; no thread of ours could be stopped there."""
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(LogError, match=r"pipe: not a regular file$"):
        validate_log(tmp_path / "pipe")


def test_a_missing_file_is_a_log_error(tmp_path: Path) -> None:
    """A path that leads nowhere is refused by name."""
    with pytest.raises(LogError, match="gone"):
        validate_log(tmp_path / "gone.jsonl")


def test_the_parts_of_a_log_belong_to_it(tmp_path: Path, full_run: Any) -> None:
    """What was set aside when the log was full is not missing; a finding names the part."""
    path = tmp_path / "log.jsonl"
    lines = full_run.content().splitlines(keepends=True)
    packed_part(plain_part(path, 1)).write_bytes(gzip.compress(b"".join([*lines[:5], b"broken\n"])))
    path.write_bytes(b"".join(lines[5:]))

    report = validate_log(path)

    assert ([], len(lines)) == (report.gaps, report.entries)
    assert [(6, "log.jsonl.1.gz")] == [(finding.line, finding.part) for finding in report.findings]
