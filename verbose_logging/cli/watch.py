"""`verbose-logging watch`: a run as it goes, on one screen."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.live import Live

from verbose_logging.cli.arguments import LogArgument
from verbose_logging.cli.output import new_console, print_json, safe
from verbose_logging.cli.watch_view import status_line, watch_view
from verbose_logging.errors import LogError
from verbose_logging.reading.files.locate import find_run
from verbose_logging.reading.files.source import is_log
from verbose_logging.reading.watching import Watch

LOOK_SECONDS = 0.5
_LOOKS_PER_LINE = 20
Show = Callable[[Mapping[str, Any]], None]


def watch(
    run: LogArgument = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON when the run ends.")] = False,
) -> None:
    """Watch a run as it goes, until it ends; on no terminal, a line every ten seconds."""
    path = find_run(run)
    if not is_log(path):
        raise LogError(f"{path}: a run JSON, which is rewritten now and then; watch the log")
    console = new_console()
    summary = follow_run(path, console, quiet=as_json)
    if as_json:
        print_json(summary)
    else:
        console.print(watch_view(summary, console.width))


def follow_run(
    path: Path, console: Console, *, quiet: bool = False, pause: Callable[[float], None] = time.sleep
) -> dict[str, Any]:
    """Shows a run until it has ended or is dead, and returns its summary then.

    Args:
        path: The log.
        console: Where it is shown.
        quiet: Whether nothing is shown on the way.
        pause: Waits so many seconds between two looks.
    """
    watched = Watch(path)
    showing = _nothing() if quiet else _screen(console) if console.is_terminal else _lines(console)
    try:
        with showing as show:
            while True:
                summary = watched.look(datetime.now().astimezone())
                show(summary)
                if _is_over(summary):
                    return summary
                pause(LOOK_SECONDS)
    finally:
        watched.close()


def _is_over(summary: Mapping[str, Any]) -> bool:
    return bool(summary) and (summary["outcome"] != "unfinished" or summary.get("has_writer") is False)


@contextmanager
def _nothing() -> Iterator[Show]:
    yield lambda _: None


@contextmanager
def _screen(console: Console) -> Iterator[Show]:
    """Gives what draws a run on a screen of its own, which is gone in the end."""
    with Live(console=console, screen=True, auto_refresh=False) as live:
        yield lambda summary: live.update(watch_view(summary, console.width), refresh=True)


@contextmanager
def _lines(console: Console) -> Iterator[Show]:
    """Gives what prints a line now and then, where there is no screen."""
    looks = itertools.count()

    def show(summary: Mapping[str, Any]) -> None:
        if summary and next(looks) % _LOOKS_PER_LINE == 0:
            console.print(safe(status_line(summary)), soft_wrap=True)

    yield show
