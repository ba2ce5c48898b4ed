"""What the verbs print with: JSON for programs, a console for people."""

from __future__ import annotations

import json
from typing import Any

import typer
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from verbose_logging.printable import printable

_WIDEST = 2000


def print_json(value: Any) -> None:
    """Prints a plain value as strict JSON, in ASCII, so that no terminal is told anything by it."""
    typer.echo(json.dumps(value, indent=2, allow_nan=False))


def new_console() -> Console:
    """Returns a console that takes every text as it is: no markup, no emoji codes, no guessing at colours."""
    return Console(highlight=False, markup=False, emoji=False)


def bare_table() -> Table:
    """Returns a table without lines, to be filled: its columns stand two blanks apart, their titles in bold."""
    return Table(box=None, padding=(0, 2, 0, 0), header_style="bold")


def print_wide(table: Table) -> None:
    """Prints a table whose cells are never broken: a line that does not fit is left to the terminal."""
    console = new_console()
    console.width = max(console.width, Measurement.get(console, console.options.update(width=_WIDEST), table).maximum)
    console.print(table)


def safe(text: object, style: str = "") -> Text:
    """Returns text from a log, safe for a terminal."""
    return Text(printable(str(text)), style=style)
