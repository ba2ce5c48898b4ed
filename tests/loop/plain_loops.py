"""Loggers of plain loops, and what they have left in their logs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.logs import read_lines
from verbose_logging import TrainingLogger

MakeLogger = Callable[..., TrainingLogger]


def entries(folder: Path, kind: str | None = None) -> list[dict[str, Any]]:
    """Returns the log's lines, all or of one type."""
    return [line for line in read_lines(folder / "log.jsonl") if kind in {None, line["type"]}]
