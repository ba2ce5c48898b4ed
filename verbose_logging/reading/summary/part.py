"""What follows a run's entries and then says one thing about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from verbose_logging.reading.files.step_lines import STEP, StepBlock


class Part:
    """Follows the entries of one run. Of steps that come in a row it sees the last, unless it takes them all."""

    def take(self, kind: str, entry: Mapping[str, Any]) -> None:
        """Takes in an entry of that type; all of a run, in order."""

    def take_steps(self, block: StepBlock) -> None:
        """Takes in some steps in a row."""
        self.take(STEP, block.last_entry)

    def pass_over(self, count: int) -> None:
        """Counts entries that say nothing of a run as a whole."""

    def go_back(self, step: int) -> None:
        """Forgets what lies above a step, because the run was resumed there and does it again."""

    def result(self) -> dict[str, Any]:
        """Returns what is known, for a summary."""
        return {}
