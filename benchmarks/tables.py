"""Tables on the terminal, wide enough for a file."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table


def show(*tables: Table) -> None:
    """Prints tables, a line between them."""
    console = Console(width=130)
    for table in tables:
        table.box = box.SIMPLE
        table.title_justify = "left"
        console.print(table)
