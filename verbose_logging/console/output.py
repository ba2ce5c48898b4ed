"""What a form has to say of an entry: rows of text, with how and when they are said."""

from __future__ import annotations

import msgspec

from verbose_logging.entries import EntryBase, Severity
from verbose_logging.printable import printable


class Output(msgspec.Struct, frozen=True, kw_only=True):
    """A few rows that belong together; nothing comes between them.

    Args:
        rows: One line of text each.
        timestamp: When what is told happened, ISO 8601.
        severity: In the words of the standard library's logging.
        style: How the first row looks where there are colours, in the words of rich ("bold red").
        bare: Whether the rows stand as they are, without date and level in front of the first.
    """

    rows: tuple[str, ...]
    timestamp: str
    severity: Severity = "INFO"
    style: str = ""
    bare: bool = False

    @property
    def text(self) -> str:
        """The rows as one text. What a terminal would obey instead of showing is escaped, line ends in a row too."""
        return "\n".join(printable(row) for row in self.rows)


def told(entry: EntryBase, *rows: str, style: str = "") -> Output:
    """Returns rows about an entry, at its own time and severity."""
    return Output(rows=rows, timestamp=entry.timestamp, severity=entry.level, style=style)


def shown(entry: EntryBase, *rows: str) -> Output:
    """Returns rows about an entry that stand as they are."""
    return Output(rows=rows, timestamp=entry.timestamp, severity=entry.level, bare=True)
