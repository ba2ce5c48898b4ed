"""`verbose-logging show`: a run in brief."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from verbose_logging.cli.output import new_console, print_json, safe
from verbose_logging.cli.summary_view import summary_view
from verbose_logging.errors import LogError
from verbose_logging.reading.locate import find_run, full_log_beside
from verbose_logging.reading.reader import LogReader
from verbose_logging.reading.short_log import is_short_log, summarize_short_log
from verbose_logging.reading.summary import summarize


def show(
    run: Annotated[
        Path | None, typer.Argument(help="A log, or a folder with logs; the newest log below here if left out.")
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Show how a run went, or is going: its newest one, where a log holds several."""
    named = find_run(run)
    is_short = is_short_log(named)
    path = (full_log_beside(named) or named) if is_short else named
    reader = LogReader(path)
    sum_up = summarize_short_log if is_short and path == named else summarize
    summary = sum_up(reader, now=datetime.now().astimezone())
    if not summary:
        raise LogError(f"{path}: no log entry in it; 'verbose-logging validate {path}' says what is wrong")
    summary |= {"log_file": str(path)} | ({"short_log": str(named)} if is_short else {})
    summary |= {"lines_skipped": reader.skipped} if reader.skipped else {}
    if as_json:
        print_json(summary)
        return
    console = new_console()
    for block in summary_view(summary):
        console.print(block, soft_wrap=isinstance(block, Text))
    if reader.skipped:
        first = reader.problems[0]
        lines = "1 line" if reader.skipped == 1 else f"{reader.skipped} lines"
        console.print()
        console.print(safe(f"{lines} skipped; the first is line {first.line}: {first.what}"))
