"""Text and values as markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Returns a table.

    Example:
        >>> print(table(["name", "unit"], [["loss", ""], ["time", "s"]]))
        | name | unit |
        |---|---|
        | loss |  |
        | time | s |
    """
    lines = [_row(head), "|" + "---|" * len(head), *(_row(cells) for cells in rows)]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"


def code(value: object) -> str:
    """Returns a value as code; texts in the quotes that the project writes.

    Example:
        >>> code("high"), code(None), code(())
        ('`"high"`', '`None`', '`()`')
    """
    return f'`"{value}"`' if isinstance(value, str) else f"`{value!r}`"
