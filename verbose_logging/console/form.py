"""The seam of the console's forms: entries in, output out, and nothing else read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Protocol

from verbose_logging.console.output import Output
from verbose_logging.console.run_view import RunView
from verbose_logging.entries import EntryBase


class Form(Protocol):
    """One way to show some of the entries.

    Attributes:
        paced: Whether what it shows comes with every step, and so is thinned out where people watch.
    """

    paced: ClassVar[bool]

    def outputs(self, entry: EntryBase, run: RunView) -> Iterator[Output]:
        """Yields what is shown of an entry, nothing where the entry is none of this form's.

        Args:
            entry: What is logged.
            run: What the entries up to this one have told.
        """
