"""Shows entries through the standard library's logging, to the logger `verbose_logging`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from verbose_logging.console.output import Output
from verbose_logging.console.screen import Screen
from verbose_logging.entries import Entry


class ConsoleSink:
    """Prints what a screen shows of the entries.

    Args:
        screen: Turns entries into output.
        show: Takes the output, one after the other.
    """

    def __init__(self, screen: Screen, show: Callable[[Output], None]) -> None:
        self._screen = screen
        self._show = show

    def write(self, entries: Sequence[Entry]) -> None:
        """Prints what is shown of the entries."""
        for entry in entries:
            for output in self._screen.outputs(entry):
                self._show(output)

    def flush(self) -> None:
        """Does nothing: output is printed as it comes."""

    def close(self) -> None:
        """Does nothing: the logger belongs to the process."""
