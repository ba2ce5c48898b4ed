"""Loggers of plain loops that write to the test's folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.loop.plain_loops import MakeLogger
from verbose_logging import TrainingLogger


@pytest.fixture
def make_logger(tmp_path: Path) -> Iterator[MakeLogger]:
    """Makes loggers that write to the test's folder."""
    made: list[TrainingLogger] = []

    def make(run_name: str | None = None, **options: Any) -> TrainingLogger:
        defaults = {"log_file": str(tmp_path / "log.jsonl"), "console": "off", "output_dir": tmp_path, "probes": ()}
        made.append(TrainingLogger(run_name, **{**defaults, **options}))
        return made[-1]

    yield make
    for logger in made:
        logger.close()
