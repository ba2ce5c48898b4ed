"""Loggers of plain loops, and what they have left in their logs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from verbose_logging import TrainingLogger

MakeLogger = Callable[..., TrainingLogger]


def entries(folder: Path, kind: str | None = None) -> list[dict[str, Any]]:
    """Returns the log's lines, all or of one type."""
    lines = map(json.loads, (folder / "log.jsonl").read_text(encoding="utf-8").splitlines())
    return [line for line in lines if kind in {None, line["type"]}]
