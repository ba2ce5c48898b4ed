"""Which run a checkpoint belongs to, by the log of earlier sessions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from verbose_logging.capture.lineage import lineage_of_checkpoint
from verbose_logging.entries import ModelCheckpointSave, TrainingStart, encode_entry
from verbose_logging.facts import Lineage


def line(kind: Any, run_id: str, seq: int, *, step: int = 0, **fields: Any) -> bytes:
    """Returns a line of a log."""
    common = {"timestamp": "2025-01-01T00:00:00+00:00", "level": "INFO", "message": "", "rank": 0, "epoch": 1}
    return encode_entry(kind(run_id=run_id, seq=seq, step=step, **common, **fields)) + b"\n"


def start(run_id: str, seq: int, session: int | None = None) -> bytes:
    """Returns the line of a start."""
    return line(TrainingStart, run_id, seq, attempt=1, session=session)


def saved(run_id: str, seq: int, step: int, tokens: int | None = None) -> bytes:
    """Returns the line of a checkpoint in the folder `out`."""
    metrics = {} if tokens is None else {"num_tokens": tokens}
    return line(ModelCheckpointSave, run_id, seq, step=step, path=f"out/checkpoint-{step}", metrics=metrics)


UNREADABLE_LINES = [b"\x00\x00\n", b'{"type":"\xff\xfe"}\n', b"[" * 100_000 + b"\n"]


@pytest.mark.parametrize(
    ("expected", "lines"),
    [
        (Lineage("a", 3, 1, 64), [start("a", 1), saved("a", 2, 4, tokens=64), saved("a", 3, 8)]),
        (Lineage("a", 2, 1, None), [start("a", 1), saved("a", 2, 4), b'{"type":"training_st']),
        (Lineage("a", 5, 2, 64), [start("a", 1), saved("a", 2, 4, tokens=64), saved("a", 3, 8), start("a", 5, 2)]),
        (Lineage("b", 2, 1, None), [start("a", 1), saved("a", 2, 4), start("b", 1), saved("b", 2, 4)]),
        (Lineage("a", 9, 1, None), [start("a", 1), saved("a", 2, 4), start("b", 1), start("a", 9)]),
        (Lineage("a", 2, None, None), [saved("a", 2, 4)]),
        (None, [start("a", 1), saved("a", 2, 8)]),
        (Lineage("a", 2, 1, None), [start("a", 1), saved("a", 2, 4), *UNREADABLE_LINES]),
        (None, [b"no log at all\n"]),
        (None, []),
    ],
    ids=[
        *("first", "cut tail", "resumed before", "newest", "goes on", "rotated", "another step", "unreadable"),
        *("foreign", "empty"),
    ],
)
def test_the_log_says_which_run_a_checkpoint_belongs_to(
    expected: Lineage | None, lines: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run that saved it last, the last number it used, its latest session and the tokens it had seen."""
    monkeypatch.chdir(tmp_path)
    log = tmp_path / "log.jsonl"
    log.write_bytes(b"".join(lines))

    assert expected == lineage_of_checkpoint(log, str(tmp_path / "out" / "checkpoint-4"), 4)


def test_without_a_log_nothing_is_known(tmp_path: Path) -> None:
    """A log that is not there is no error."""
    assert lineage_of_checkpoint(tmp_path / "none.jsonl", "out/checkpoint-4", 4) is None


def test_a_line_across_blocks_is_read(tmp_path: Path) -> None:
    """The checkpoint stands two and a half blocks before the end."""
    log = tmp_path / "log.jsonl"
    filler = b'{"type":"note","run_id":"a","seq":7,"text":"%s"}\n' % (b"x" * 1000)
    log.write_bytes(start("a", 1) + saved("a", 2, 4) + filler * 2600)

    assert Lineage("a", 7, 1, None) == lineage_of_checkpoint(log, "out/checkpoint-4", 4)


def test_what_was_spilled_counts_as_written(tmp_path: Path) -> None:
    """Numbers that stand in a spill file are not used again."""
    log = tmp_path / "log.jsonl"
    log.write_bytes(start("a", 1) + saved("a", 2, 4))
    (tmp_path / "log.spill-77.jsonl").write_bytes(saved("a", 3, 8) + saved("a", 4, 8) + b'{"cut')

    assert Lineage("a", 4, 1, None) == lineage_of_checkpoint(log, "out/checkpoint-4", 4)


def test_a_broken_line_of_a_spilled_file_costs_itself(tmp_path: Path) -> None:
    """The numbers of the lines behind it are not given again."""
    log, checkpoint = tmp_path / "log.jsonl", tmp_path / "out" / "checkpoint-4"
    common = {"path": str(checkpoint), "metrics": {}}
    log.write_bytes(start("a", 1) + line(ModelCheckpointSave, "a", 2, step=4, **common))
    spilled = log.with_name("log.spill-1.jsonl")
    spilled.write_bytes(b"".join([start("a", 7), *UNREADABLE_LINES, start("a", 9)]))

    assert Lineage("a", 9, 1, None) == lineage_of_checkpoint(log, str(checkpoint), 4)
