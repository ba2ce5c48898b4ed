"""`verbose-logging show`: a run in brief."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from verbose_logging.cli.arguments import RunArgument
from verbose_logging.cli.output import new_console, print_json, safe
from verbose_logging.cli.progress import reading_progress
from verbose_logging.cli.summary_view import summary_view
from verbose_logging.errors import LogError
from verbose_logging.formatting import counted
from verbose_logging.reading.files.locate import find_run, full_log_beside
from verbose_logging.reading.files.problems import LineProblems
from verbose_logging.reading.files.source import scan_of
from verbose_logging.reading.liveness import with_liveness
from verbose_logging.reading.reader import read_entries
from verbose_logging.reading.short_log import is_short_log, summarize_short_log
from verbose_logging.reading.summary import summarize_items


def show(
    run: RunArgument = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Show how a run went, or is going: its newest one, where a log holds several."""
    named = find_run(run)
    is_short = is_short_log(named)
    path = (full_log_beside(named) or named) if is_short else named
    summary, problems = _summary_of(path, is_short=is_short and path == named)
    if not summary:
        raise LogError(f"{path}: no log entry in it; 'verbose-logging validate {path}' says what is wrong")
    summary |= {"log_file": str(path)} | ({"short_log": str(named)} if is_short else {})
    summary |= {"lines_skipped": problems.skipped} if problems.skipped else {}
    if as_json:
        print_json(summary)
        return
    console = new_console()
    for block in summary_view(summary):
        console.print(block, soft_wrap=isinstance(block, Text))
    _print_problems(problems)


def _summary_of(path: Path, *, is_short: bool) -> tuple[dict[str, Any], LineProblems]:
    now = datetime.now().astimezone()
    if is_short:
        return summarize_short_log(read_entries(path), now), LineProblems()
    with reading_progress([path]) as on_position:
        scan = scan_of(path, on_position)
        return with_liveness(summarize_items(scan, now), path, now), scan.problems


def _print_problems(problems: LineProblems) -> None:
    console = new_console()
    if problems.skipped:
        first = problems.kept[0]
        console.print()
        console.print(
            safe(f"{counted(problems.skipped, 'line')} skipped; the first is line {first.line}: {first.what}")
        )
