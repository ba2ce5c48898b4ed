"""What is shown of a run: the forms that are asked for, and the pace at which they may show steps.

A function of the entries alone, so a log replayed shows what the run showed. The pace goes by the entries' own times.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from verbose_logging.console.forms import FORMS
from verbose_logging.console.output import Output
from verbose_logging.console.pace import Paced
from verbose_logging.console.run_view import RunView
from verbose_logging.entries import Entry, UserEntry


class Screen:
    """Shows one run, entry by entry.

    Args:
        forms: Keys of `FORMS`; what several of them show is shown once.
        interval_seconds: Least time of training between two outputs of a form that shows every step.
    """

    def __init__(self, forms: Iterable[str], *, interval_seconds: float = 0.0) -> None:
        kinds = dict.fromkeys(kind for form in forms for kind in FORMS[form])
        self._parts = [Paced(kind(), interval_seconds) if kind.paced else kind() for kind in kinds]
        self._run = RunView()

    def outputs(self, entry: Entry) -> Iterator[Output]:
        """Yields what is shown of an entry; of a user's own, nothing."""
        if isinstance(entry, UserEntry):
            return
        self._run.observe(entry)
        for part in self._parts:
            yield from part.outputs(entry, self._run)
