"""The reading benchmark on a short log: it runs, and finds the order that it is there to show."""

from __future__ import annotations

from pathlib import Path

from benchmarks.reading import loaded, shown, write_log
from verbose_logging import load_run


def test_its_log_is_a_log(tmp_path: Path) -> None:
    """Lines are as long as is said, and all of them are read."""
    path = tmp_path / "log.jsonl"
    write_log(path, 500)

    assert path.stat().st_size > 400 * 500
    assert list(range(1, 501)) == load_run(path).steps["step"]
    loaded(path)
    shown(path)
