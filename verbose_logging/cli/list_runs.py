"""`verbose-logging list`: every run below a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from verbose_logging.cli.output import bare_table, print_json, print_wide, safe
from verbose_logging.cli.progress import reading_progress
from verbose_logging.errors import LogError, SettingsError, did_you_mean
from verbose_logging.formatting import fixed, short_duration, thousands
from verbose_logging.reading.overview import SORTS, files_of_runs, overview, sorted_by


def list_runs(
    place: Annotated[Path, typer.Argument(metavar="DIR", readable=False, help="A folder, or a log.")] = Path(),
    *,
    sort: Annotated[str, typer.Option(help=f"Best first by one of: {', '.join(SORTS)}.")] = "started_at",
    as_json: Annotated[bool, typer.Option("--json", help="Print the rows as JSON.")] = False,
) -> None:
    """List the runs below a folder, the newest first; --sort best_val_loss puts the best one first."""
    if sort not in SORTS:
        raise SettingsError(f"--sort: no column {sort!r}; {did_you_mean(sort, SORTS)}")
    if not place.exists():
        raise LogError(f"{place}: no such file or folder")
    files = files_of_runs(place)
    with reading_progress(files) as on_position:
        rows, passed_over = overview(files, on_position=on_position)
    rows = sorted_by(rows, sort)
    if as_json:
        print_json(rows)
    elif rows:
        print_wide(_table(rows))
    for text in passed_over:
        typer.echo(safe(f"passed over: {text}").plain, err=True)
    if not rows:
        raise LogError(f"{place}: no run in it; write one with 'verbose-logging demo'")


def _table(rows: list[dict[str, Any]]) -> Table:
    table = bare_table()
    for title in ("run", "started", "outcome"):
        table.add_column(title)
    for title in ("steps", "final loss", "best val", "time"):
        table.add_column(title, justify="right")
    table.add_column("file")
    for row in rows:
        table.add_row(
            safe(row["run_name"]),
            safe((row["started_at"] or "")[:16].replace("T", " ")),
            safe(row["outcome"] or ""),
            thousands(row["steps"]),
            safe(row["final_loss_nonfinite"] or fixed(row["final_loss"])),
            fixed(row["best_val_loss"]),
            short_duration(row["duration_seconds"]),
            safe(row["path"]),
        )
    return table
