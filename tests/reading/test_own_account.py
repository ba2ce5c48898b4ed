"""The logger's own account, as a reader tells it."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from verbose_logging.cli.summary_view import summary_view
from verbose_logging.reading.summary import summarize

ACCOUNT: dict[str, Any] = {
    "pipeline": {"entries_handled": 1234, "facts_dropped": 0, "pipeline_cpu_seconds": 1.5},
    "sampler": {"cpu_seconds": 0.25, "failures": 4},
    "files": {"jsonl": {"lines_written": 1234, "bytes_written": 3 << 20, "lines_dropped": 0, "failures": 2,
                        "error": "[Errno 28] No space left on device"}},
    "longest_hook": {"name": "on_train_begin", "seconds": 0.125},
    "sinks": {"wandb": {"failures": 3, "error": "OSError: no network", "switched_off": True}},
    "failures": {"probe cpu": {"failures": 4, "error": "OSError: gone"}},
}  # fmt: skip


def summary_with(logger: Any) -> dict[str, Any]:
    """Returns the summary of a run whose last entry has that account."""
    common = {"timestamp": "2025-01-01T00:00:00+00:00", "level": "INFO", "message": "", "run_id": "r", "seq": 1}
    return summarize([{**common, "type": "training_complete", "step": 5, "logger": logger}])


def shown(summary: dict[str, Any]) -> str:
    """Returns what `show` prints of it."""
    console = Console(file=io.StringIO(), width=120)
    for block in summary_view({**summary, "log_file": "log.jsonl"}):
        console.print(block)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_account_is_told_in_a_line() -> None:
    """Entries, bytes, CPU and the longest hook."""
    text = shown(summary_with(ACCOUNT))

    assert "1,234 entries (3.0 MB), 1.75 s of CPU, longest hook on_train_begin 125 ms" in text


def test_what_failed_is_named_with_its_reason() -> None:
    """A row for each part: how often, why, and whether it was switched off."""
    text = shown(summary_with(ACCOUNT))

    assert "3x, switched off, OSError: no network" in text
    assert "probe cpu" in text
    assert "2x, [Errno 28] No space left on device" in text


def test_a_log_without_an_account_shows_none() -> None:
    """Whatever stands there, `show` works."""
    for logger in ({}, {"files": 3}, {"failures": {"x": 1}}, {"longest_hook": []}):
        assert "logger" not in shown(summary_with(logger)).replace("verbose-logging", "")
