"""Where the run is: its clocks, its step, its epoch. Gives every entry its common keys."""

from __future__ import annotations

import math
from typing import Any

from verbose_logging.entries import Severity
from verbose_logging.facts import ClockRead, EpochBegin, EpochEnd, Restored, RunOpened, StepEnd, TrainBegin
from verbose_logging.hearing import Hearer, hears
from verbose_logging.recorder.dates import Dates

_EPOCH_SLACK = 1e-6  # the Trainer's fractional epoch is a sum of quotients


class Position(Hearer):
    """Follows the facts and knows what time, step and epoch it is.

    Dates come from the latest pair of clock readings, so a wall clock that is set forward or back moves them only
    from the next pair on, and durations never.
    """

    def __init__(self) -> None:
        self.run_id = ""
        self.rank = 0
        self.world_size = 1
        self.step = 0
        self.finished = 0
        self.epoch = 1
        self.first_step = 0
        self.total_steps: int | None = None
        self.total_epochs: int | None = None
        self.batches_per_epoch: int | None = None
        self.seq = 0
        self.session: int | None = None
        self._pass_from: int | None = None  # the steps that were finished when the epoch began
        self._wall_minus_monotonic = 0.0
        self._dates = Dates()

    @hears(StepEnd)
    def _end_step(self, fact: StepEnd) -> None:
        self.step = fact.step
        self.finished = fact.finished

    @hears(EpochBegin)
    def _begin_epoch(self, fact: EpochBegin) -> None:
        # only the first fraction can be trusted: a stream's later ones end anywhere within a pass
        is_first = self._pass_from is None
        has_gone_on = self.finished != self._pass_from  # a stream that is resumed begins with a pass of no steps
        self.epoch = math.floor(fact.epoch + _EPOCH_SLACK) + 1 if is_first else self.epoch + has_gone_on
        self._pass_from = self.finished

    @hears(EpochEnd)
    def _end_epoch(self, fact: EpochEnd) -> None:
        self.step = fact.step

    @hears(RunOpened, ClockRead)
    def _read_clock(self, fact: RunOpened | ClockRead) -> None:
        self._wall_minus_monotonic = fact.wall - fact.at
        self._dates = Dates(fact.utc_offset_seconds)
        if isinstance(fact, RunOpened):
            self.run_id = fact.run_id
            self.rank = fact.rank
            self.world_size = fact.world_size

    @hears(Restored)
    def _go_on(self, fact: Restored) -> None:
        """Takes up the name and the numbering of the run that is resumed."""
        lineage = fact.lineage
        if lineage is not None:
            self.run_id, self.seq = lineage.run_id, lineage.last_seq
            self.session = None if lineage.session is None else lineage.session + 1

    @hears(TrainBegin)
    def _begin(self, fact: TrainBegin) -> None:
        self.step = self.finished = self.first_step = fact.step
        self.epoch = fact.step // fact.steps_per_epoch + 1 if fact.steps_per_epoch else 1
        self._pass_from = None
        self.total_steps = fact.total_steps
        self.total_epochs = fact.total_epochs
        self.batches_per_epoch = fact.batches_per_epoch

    def date(self, at: float) -> str:
        """Returns the ISO 8601 date of a monotonic time, with microseconds and UTC offset."""
        return self._dates.date(at + self._wall_minus_monotonic)

    def header(self, at: float, message: str, *, level: Severity = "INFO", step: int | None = None) -> dict[str, Any]:
        """Returns the common keys of the next entry; whoever publishes it moves `seq` on.

        Args:
            at: When the entry's subject was observed, monotonic seconds.
            message: The entry's line for people.
            level: The entry's severity.
            step: The step the entry is about, where that is not the last finished one.
        """
        return {
            "timestamp": self.date(at),
            "level": level,
            "message": message,
            "run_id": self.run_id,
            "seq": self.seq + 1,
            "rank": self.rank,
            "step": self.step if step is None else step,
            "epoch": self.epoch,
        }
