"""Every run below a folder, in brief."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from verbose_logging.errors import LogError
from verbose_logging.reading.fields import text_at
from verbose_logging.reading.files.blocks import OnPosition, unheard
from verbose_logging.reading.files.locate import logs_below, run_jsons_below
from verbose_logging.reading.files.source import scan_of
from verbose_logging.reading.summary import PARTS, summary_of
from verbose_logging.reading.summary.metrics import best_evaluation_loss
from verbose_logging.reading.summary.runs import EveryRun

SORTS = ("started_at", "best_val_loss", "final_loss", "steps", "duration_seconds", "run_name")
_NEWEST_FIRST = "started_at"


def files_of_runs(place: Path) -> list[Path]:
    """Returns the logs and run JSONs below a folder, or the file itself."""
    return [place] if place.is_file() else [*logs_below(place), *run_jsons_below(place)]


def overview(files: Sequence[Path], *, on_position: OnPosition = unheard) -> tuple[list[dict[str, Any]], list[str]]:
    """Returns a row for each run, and what was passed over and why.

    A run that stands in a log and in a run JSON is told once, from the log.

    Args:
        files: Logs and run JSONs, the logs first.
        on_position: Told now and then how many bytes of the file at hand have been read.
    """
    rows: dict[str, dict[str, Any]] = {}
    passed_over = []
    for file in files:
        try:
            found = _runs_in(file, on_position)
        except LogError as error:
            passed_over.append(str(error))
            continue
        for row in found:
            rows.setdefault(str(row.get("run_id") or file), row)
    return list(rows.values()), passed_over


def _runs_in(file: Path, on_position: OnPosition) -> list[dict[str, Any]]:
    runs = EveryRun(PARTS)
    runs.follow(scan_of(file, on_position))
    now = datetime.now().astimezone()
    return [_row(file, summary_of(parts, now)) for parts in runs.all_parts()]


def _row(file: Path, summary: Mapping[str, Any]) -> dict[str, Any]:
    nonfinite = summary.get("last_loss_nonfinite")
    named = {"run_name": text_at(summary, "run_name") or text_at(summary, "run_id") or file.stem}
    return named | {
        "run_id": summary.get("run_id"),
        "started_at": summary.get("started_at"),
        "outcome": summary.get("outcome"),
        "steps": summary.get("steps_done"),
        "final_loss": None if nonfinite else summary.get("last_loss"),
        "final_loss_nonfinite": nonfinite,
        "best_val_loss": best_evaluation_loss(summary),
        "duration_seconds": summary.get("duration_seconds"),
        "path": str(file),
    }


def sorted_by(rows: Sequence[dict[str, Any]], key: str) -> list[dict[str, Any]]:
    """Returns the rows by a column: the lowest number first, the newest run first; those without a value last.

    Args:
        rows: What `overview` returned.
        key: One of `SORTS`.

    Example:
        >>> [row["steps"] for row in sorted_by([{"steps": 9}, {"steps": None}, {"steps": 2}], "steps")]
        [2, 9, None]
    """
    present = [row for row in rows if _is_known(row.get(key))]
    absent = [row for row in rows if not _is_known(row.get(key))]
    return [*sorted(present, key=lambda row: row[key], reverse=key == _NEWEST_FIRST), *absent]


def _is_known(value: Any) -> bool:
    return value is not None and not (isinstance(value, float) and math.isnan(value))
