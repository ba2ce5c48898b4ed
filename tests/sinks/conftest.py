from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from verbose_logging.entries import TrainingComplete, TrainingStepComplete
from verbose_logging.sinks.fallback import ERROR_LOG_NAME, Fallback
from verbose_logging.sinks.files.append_file import AppendFile
from verbose_logging.testing import ManualClock

COMMON: dict[str, Any] = {"level": "INFO", "message": "m", "run_id": "r", "rank": 0, "epoch": 1}


class Site:
    """A log's folder, with the fallback that looks after it and what that one told people."""

    def __init__(self, root: Path) -> None:
        """Names the places; makes nothing."""
        self.folder = root / "logs"
        self.path = self.folder / "log.jsonl"
        self.temporary_folder = root / "tmp"
        self.temporary_folder.mkdir()
        self.clock = ManualClock()
        self.warnings: list[str] = []
        self.said: list[str] = []
        self.fallback = Fallback(
            self.folder,
            clock=self.clock,
            temporary_folder=self.temporary_folder,
            warn=self.warnings.append,
            last_words=lambda line: self.said.append(line.decode()),
        )

    def file(self, path: Path | None = None, **options: Any) -> AppendFile:
        """Returns a file at the site."""
        return AppendFile(path or self.path, clock=self.clock, fallback=self.fallback, **options)

    @property
    def errors(self) -> str:
        """Returns the error log's text."""
        path = self.folder / ERROR_LOG_NAME
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def spilled(self) -> bytes:
        """Returns what lies in spill files, beside the log and elsewhere."""
        return b"".join(path.read_bytes() for path in sorted(self.folder.parent.rglob("log.spill-*.jsonl")))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Yields a log's folder."""
    return Site(tmp_path)


@pytest.fixture(scope="session")
def step_entry() -> Callable[..., TrainingStepComplete]:
    """Returns a function that makes the entry of a step."""

    def make(seq: int, **groups: Any) -> TrainingStepComplete:
        fields = {"timing": {}, "metrics": {}, "progress": {}, **COMMON, **groups}
        return TrainingStepComplete(
            timestamp=f"2025-01-01T00:00:{seq % 60:02}.000000+00:00", seq=seq, step=seq, **fields
        )

    return make


@pytest.fixture(scope="session")
def end_entry() -> Callable[[int], TrainingComplete]:
    """Returns a function that makes the entry of an end."""

    def make(seq: int) -> TrainingComplete:
        return TrainingComplete(
            timestamp="2025-01-01T00:01:00.000000+00:00", seq=seq, step=seq, statistics={}, time_ledger={}, **COMMON
        )

    return make


@pytest.fixture
def folder(site: Any) -> Path:
    """Returns an output folder that does not exist yet."""
    return Path(site.folder / "out")
