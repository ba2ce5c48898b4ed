"""Text from a log, made safe for a terminal."""

from __future__ import annotations


def printable(text: str) -> str:
    r"""Returns the text with everything escaped that a terminal would obey instead of showing.

    Control characters, escape sequences, line ends, marks of writing direction and lone surrogates become backslash
    escapes: a name in a log can neither recolour a terminal nor forge a second line.

    Example:
        >>> print(printable("loss \x1b[31m3.1"))
        loss \x1b[31m3.1
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
