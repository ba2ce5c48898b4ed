"""Starts, epochs, evaluations, checkpoints: what happens now and then, each in the entry's own words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from verbose_logging.console.output import Output, told
from verbose_logging.console.run_view import RunView
from verbose_logging.entries import (
    EntriesDropped,
    EntryBase,
    EpochBegin,
    EpochComplete,
    EvaluationComplete,
    ModelCheckpointSave,
    TrainingInitialization,
    TrainingStart,
)

_TOLD = (
    TrainingInitialization,
    TrainingStart,
    EpochBegin,
    EpochComplete,
    EvaluationComplete,
    ModelCheckpointSave,
    EntriesDropped,
)


class Milestones:
    """A line for each turn that the run takes."""

    paced: ClassVar[bool] = False

    def outputs(self, entry: EntryBase, run: RunView) -> Iterator[Output]:  # noqa: ARG002 - the seam's
        """Yields the entry's message; of a model that nobody has shown us, nothing."""
        is_unseen = isinstance(entry, TrainingInitialization) and not entry.model_info
        if isinstance(entry, _TOLD) and not is_unseen:
            yield told(entry, entry.message)
