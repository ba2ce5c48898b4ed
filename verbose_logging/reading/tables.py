"""A run as a table in other people's forms: CSV, Markdown, Parquet."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from verbose_logging.errors import MissingExtraError
from verbose_logging.printable import printable
from verbose_logging.reading.figures import FIGURES
from verbose_logging.reading.runs.run import Run

_OF_THE_LINE = frozenset({"run_id", "seq", "rank", "level", "message"})
_FORMULA = re.compile(r"^[=+\-@\t\r\n|%]")
_MARKDOWN = re.compile(r"([\\`*{}\[\]<>#|~&$]|\b_|_\b)")
_ROWS_SHOWN = 50
_FIRST = ("step", "epoch", "timestamp")


def to_csv(run: Run, target: Path) -> None:
    """Writes the steps, a row for each; a text that a spreadsheet would run as a formula gets an apostrophe before it.

    Raises:
        OSError: The file cannot be written.
    """
    names = _columns(run)
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([harmless(name) for name in names])
        writer.writerows([harmless(value) for value in row] for row in _rows(run, names))


def harmless(value: Any) -> Any:
    """Returns a cell that no spreadsheet takes for a formula; numbers stay numbers, an absent one is empty.

    Example:
        >>> harmless("=1+1"), harmless(-1.5), harmless(None)
        ("'=1+1", -1.5, '')
    """
    if value is None:
        return ""
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


def to_markdown(run: Run, target: Path) -> None:
    """Writes figures, evaluations, checkpoints and fifty steps spread over the run as tables.

    Raises:
        OSError: The file cannot be written.
    """
    figures = [(figure.spec.name, _figure(figure.of(run)), figure.spec.unit) for figure in FIGURES]
    at_hand = [name for name in run.steps.columns if name in {"step", "loss", "learning_rate", "grad_norm"}]
    stride = max(1, len(run.steps) // _ROWS_SHOWN)
    parts = [
        f"# {escaped(run.name)}",
        escaped(run.summary.get("verdict", "")),
        _table(("figure", "value", "unit"), figures),
        *_events("Evaluations", run.evaluations),
        *_events("Checkpoints", run.checkpoints),
        f"## Steps{f', every {stride}th' if stride > 1 else ''}",
        _table(at_hand, islice(_rows(run, at_hand), 0, None, stride)),
    ]
    target.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def escaped(value: Any) -> str:
    r"""Returns a value as Markdown that shows it and does nothing else.

    Example:
        >>> print(escaped("a|b <script>"), escaped(0.123456789))
        a\|b \<script\> 0.12346
    """
    if isinstance(value, float):
        return f"{value:.5g}"
    return _MARKDOWN.sub(r"\\\1", printable("" if value is None else str(value)))


def _figure(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.6g}"


def _events(title: str, events: Sequence[dict[str, Any]]) -> list[str]:
    if not events:
        return []
    names = list(dict.fromkeys(name for event in events for name in event))
    return [f"## {title}", _table(names, [[event.get(name) for name in names] for event in events])]


def _table(names: Sequence[str], rows: Any) -> str:
    lines = [names, ["---"] * len(names), *rows]
    texts = [lines[0], *lines[2:]]
    shown = [" | ".join(escaped(cell) for cell in row) for row in texts]
    return "\n".join(f"| {line} |" for line in [shown[0], " | ".join(lines[1]), *shown[1:]])


def to_parquet(run: Run, target: Path) -> None:
    """Writes the steps, a row for each.

    Raises:
        MissingExtraError: pandas or pyarrow is not installed.
        OSError: The file cannot be written.
    """
    try:
        import pyarrow as pa  # noqa: F401, PLC0415 - an extra, which pandas needs for this
    except ImportError as error:
        raise MissingExtraError("export --to parquet", "plot") from error
    run.to_pandas()[_columns(run)].to_parquet(target, index=False)


def _columns(run: Run) -> list[str]:
    names = [name for name in run.steps.columns if name not in _OF_THE_LINE]
    return sorted(names, key=lambda name: _FIRST.index(name) if name in _FIRST else len(_FIRST))


def _rows(run: Run, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    return zip(*(run.steps[name] for name in names), strict=True)
