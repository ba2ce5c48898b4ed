"""`verbose-logging compare`: runs beside each other."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from verbose_logging.cli.arguments import SeveralRuns
from verbose_logging.cli.output import bare_table, new_console, print_json, print_wide, safe
from verbose_logging.cli.progress import reading_progress
from verbose_logging.plain import without_nonfinite
from verbose_logging.reading.compare import compare_runs
from verbose_logging.reading.files.locate import find_run

_OPTIONS_SHOWN = 30
_NAMES_SHOWN = 6


def compare(
    runs: SeveralRuns,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the comparison as JSON.")] = False,
) -> None:
    """Compare runs: their figures, the options that differ, and what cannot be compared."""
    paths = [find_run(run) for run in runs]
    with reading_progress(paths) as on_position:
        found = compare_runs(paths, on_position=on_position)
    if as_json:
        print_json(without_nonfinite(found))
        return
    console = new_console()
    print_wide(_figures(found))
    if options := _options(found["differences"]["config"], [row["run_name"] for row in found["runs"]]):
        console.print()
        print_wide(options)
    for text in _partly_recorded(found):
        console.print(safe(text), soft_wrap=True)
    for note in found["differences"]["notes"]:
        console.print(safe(f"not comparable: {note}", "yellow"), soft_wrap=True)


def _figures(found: Mapping[str, Any]) -> Table:
    rows, differences = found["runs"], found["differences"]["figures"]
    table = bare_table()
    table.add_column("")
    for row in rows:
        table.add_column(safe(row["run_name"]), justify="right")
    table.add_row(safe("file"), *(safe(row["path"]) for row in rows))
    table.add_row(safe("outcome"), *(safe(row["outcome"]) for row in rows))
    for name, difference in differences.items():
        if any(math.isfinite(row[name]) or _mark(row, name) for row in rows):
            table.add_row(safe(name), *(_cell(row, name, place, difference) for place, row in enumerate(rows)))
    return table


def _mark(row: Mapping[str, Any], name: str) -> str | None:
    """Returns what a figure was that is known and not finite."""
    mark: str | None = row.get(f"{name}_nonfinite")
    return mark


def _cell(row: Mapping[str, Any], name: str, place: int, difference: Mapping[str, Any]) -> Text:
    """Returns a figure with its difference from the baseline, green where it is better and red where it is worse."""
    change = difference["percent"][place] if place else None
    text = _mark(row, name) or _number(row[name])
    if change is None:
        return safe(text)
    change = round(change, 1) + 0.0  # no -0.0
    is_better = {"lower": change < 0, "higher": change > 0}.get(difference["better"])
    style = "" if is_better is None or change == 0 else "green" if is_better else "red"
    return safe(f"{text} ({change:+,.1f}%)", style)


def _number(value: float) -> str:
    if math.isnan(value):
        return "-"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.4f}"


def _options(options: Mapping[str, Sequence[Any]], names: Sequence[str]) -> Table | None:
    if not options:
        return None
    table = bare_table()
    for title in ("options that differ", *names):
        table.add_column(safe(title))
    for name, values in list(options.items())[:_OPTIONS_SHOWN]:
        table.add_row(safe(name), *(safe("-" if value is None else value) for value in values))
    if len(options) > _OPTIONS_SHOWN:
        table.add_row(safe(f"... {len(options) - _OPTIONS_SHOWN} more; --json lists them"))
    return table


def _partly_recorded(found: Mapping[str, Any]) -> Iterator[str]:
    """Yields, for each set of runs that record options which the others do not, which options these are."""
    options: dict[tuple[str, ...], list[str]] = {}
    for name, values in found["differences"]["not_in_all"].items():
        pairs = zip(found["runs"], values, strict=True)
        recorders = tuple(row["run_name"] for row, value in pairs if value is not None)
        options.setdefault(recorders, []).append(name)
    for recorders, names in options.items():
        more = f" and {len(names) - _NAMES_SHOWN} more; --json lists them" if len(names) > _NAMES_SHOWN else ""
        yield f"only recorded by {', '.join(recorders)}: {', '.join(names[:_NAMES_SHOWN])}{more}"
