"""How a stream shows text: its width, its colours, its characters, and whether somebody watches.

What the environment asks for is heard: NO_COLOR, FORCE_COLOR, TERM, COLUMNS.
"""

from __future__ import annotations

import select
import unicodedata
from typing import TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

INDENT = "    "
_NARROWEST = 40  # below this, folding helps nobody
_ASCII = str.maketrans(
    {"\N{BULLET}": "*", "\N{MULTIPLICATION SIGN}": "x", "\N{HORIZONTAL ELLIPSIS}": "...", "\N{WARNING SIGN}": "!"}
)
_VARIATION = "\ufe0f"


class Terminal:
    """What is known of one stream.

    Args:
        stream: Where the text will go.

    Example:
        >>> import io
        >>> Terminal(io.StringIO()).render("⚠️ Memory is full", "yellow")
        '⚠️ Memory is full'
    """

    def __init__(self, stream: TextIO) -> None:
        self._encoding = getattr(stream, "encoding", None) or "utf-8"
        self._is_terminal = is_terminal(stream)
        self._console = Console(file=stream, highlight=False, markup=False, emoji=False)
        # a kernel sets FORCE_COLOR by itself, and what it runs may be exported as text
        plain = self._console.color_system is None or self._console.no_color or self._console.is_jupyter
        self._has_colours = not plain

    def render(self, text: str, style: str = "") -> str:
        """Returns a text as the stream can show it.

        Args:
            text: Rows, without control characters.
            style: How the first row looks, in the words of rich.
        """
        first, *others = [self._folded(row) for row in encodable(text, self._encoding).split("\n")]
        return "\n".join([self._coloured(first, style), *others])

    def _coloured(self, text: str, style: str) -> str:
        if not (style and self._has_colours):
            return text
        with self._console.capture() as captured:
            self._console.print(Text(text, style=style), end="", soft_wrap=True)
        return captured.get()

    def _folded(self, row: str) -> str:
        """Returns a row folded at blanks to the terminal's width; a rule is cut. Elsewhere the row as it is."""
        width = self._console.width
        if not self._is_terminal or cell_len(row) <= width:
            return row
        if len(set(row)) == 1:
            return row[:width]
        if width < _NARROWEST:
            return row
        pieces = Text(row).wrap(self._console, width - len(INDENT))
        return f"\n{INDENT}".join(piece.plain for piece in pieces)


def is_terminal(stream: TextIO) -> bool:
    """Returns whether the stream is a terminal; false for none at all, and for one that is closed."""
    try:
        return stream.isatty()
    except (AttributeError, ValueError):
        return False


def is_ready(stream: TextIO | None, timeout_seconds: float) -> bool:
    """Returns whether the stream takes a line within that time; true where that cannot be asked."""
    if stream is None:
        return True
    try:
        return bool(select.select([], [stream.fileno()], [], timeout_seconds)[1])
    except (OSError, ValueError, AttributeError):  # a notebook's stream, or a test's
        return True


def is_watched(stream: TextIO) -> bool:
    """Returns whether a person sees the stream as it comes: on a terminal, or in a notebook."""
    return is_terminal(stream) or Console(file=stream).is_jupyter


def encodable(text: str, encoding: str) -> str:
    """Returns a text that the encoding can carry: signs are spelled in ASCII, pictures are left out.

    Example:
        >>> encodable("✅ Step 1 • done", "ascii"), encodable("⏱️ Time:", "latin-1"), encodable("⚠️ ñ", "ascii")
        ('Step 1 * done', 'Time:', '! ?')
    """
    if _fits(text, encoding):
        return text
    return "\n".join(_spelled(row, encoding) for row in text.split("\n"))


def _spelled(row: str, encoding: str) -> str:
    shown = []
    after_picture = False
    for char in row.replace(_VARIATION, ""):
        spelled = char if _fits(char, encoding) else char.translate(_ASCII)
        is_picture = not _fits(spelled, encoding) and unicodedata.category(char) == "So"
        if not is_picture and not (after_picture and char == " "):
            shown.append(spelled if _fits(spelled, encoding) else "?")
        after_picture = is_picture
    return "".join(shown)


def _fits(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
