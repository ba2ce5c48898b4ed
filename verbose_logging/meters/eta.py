"""When the run will end."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from verbose_logging.facts import Evaluated, Saved, StepEnd, TrainBegin
from verbose_logging.hearing import hears
from verbose_logging.meters.base import BaseMeter
from verbose_logging.meters.durations import Durations, Forecast
from verbose_logging.meters.ledger import Ledger
from verbose_logging.protocols import MetricSpec, Numbers

# An evaluation or a save that has not been seen yet, as a share of the steps between two of them.
_UNSEEN_EVALUATION = 0.1
_UNSEEN_SAVE = 0.02

_FRESH_SECONDS = 0.25  # so long the end stays where it was found; where steps are longer, each looks ahead anew
_P90 = 1.2816  # standard deviations from the mean to the 90th percentile


class _Ahead(NamedTuple):
    """What lies ahead of a step: seconds, how far they may be off in eight cases of ten, and the date of the end."""

    seconds: float
    reach: float
    completion: str


class EtaMeter(BaseMeter):
    """Remaining steps at the pace of this session, and the evaluations and saves to come at their measured cost.

    The forecast is made anew four times a second at most; in between the end stays where it was, and draws nearer.
    Only what this session has measured counts, so a resumed run is right from its first steps on. What is due at the
    step that has just ended still lies ahead: the Trainer evaluates and saves after it.

    Args:
        ledger: Splits the time; observed before this meter.
        date: Turns a monotonic time into an ISO 8601 date.
    """

    group = "timing"
    specs = (
        MetricSpec("eta_minutes", "min", "Time until training ends, evaluations and saves included.", "lower"),
        MetricSpec("eta_low_minutes", "min", "The end comes sooner than this in one case of ten.", "lower"),
        MetricSpec("eta_high_minutes", "min", "The end comes later than this in one case of ten.", "lower"),
        MetricSpec("estimated_completion", "", "The date at which training will end."),
    )

    def __init__(self, ledger: Ledger, date: Callable[[float], str]) -> None:
        self._ledger = ledger
        self._date = date
        self._total_steps: int | None = None
        self._begin(
            evaluations=Scheduled(None, unseen_share=_UNSEEN_EVALUATION),
            saves=Scheduled(None, unseen_share=_UNSEEN_SAVE),
        )

    def _begin(self, *, evaluations: Scheduled, saves: Scheduled) -> None:
        self._step = 0
        self._at = 0.0
        self._forecast: _Ahead | None = None
        self._forecast_at = 0.0
        self._steps = Durations(warm_up=2, enough=5)
        self._evaluations = evaluations
        self._saves = saves

    @hears(TrainBegin)
    def _train_begins(self, fact: TrainBegin) -> None:
        self._total_steps = fact.total_steps
        evaluations = Scheduled(
            fact.evaluate_every_steps,
            unseen_share=_UNSEEN_EVALUATION,
            first_step=fact.first_evaluation_step,
            at_end=fact.evaluates_at_end,
        )
        self._begin(evaluations=evaluations, saves=Scheduled(fact.save_every_steps, unseen_share=_UNSEEN_SAVE))

    @hears(Evaluated)
    def _evaluated(self, _: Evaluated) -> None:
        self._evaluations.add(self._ledger.evaluation_seconds)

    @hears(Saved)
    def _saved(self, _: Saved) -> None:
        self._saves.add(self._ledger.last_gap)

    @hears(StepEnd)
    def _step_ended(self, fact: StepEnd) -> None:
        self._step = step = fact.finished
        self._at = fact.at
        self._evaluations.step_ended(step)
        self._saves.step_ended(step)
        if self._ledger.step_time_seconds is not None:
            self._steps.add(self._ledger.step_time_seconds)

    def at_step(self) -> Numbers:
        """Returns the forecast, nothing where the number of steps is not known."""
        if self._forecast is None or not 0 <= self._at - self._forecast_at < _FRESH_SECONDS:
            self._forecast, self._forecast_at = self._look_ahead(), self._at
        forecast = self._forecast
        if forecast is None:
            return {}
        gone = self._at - self._forecast_at
        return {
            "eta_minutes": max(0.0, forecast.seconds - gone) / 60,
            "eta_low_minutes": max(0.0, forecast.seconds - forecast.reach - gone) / 60,
            "eta_high_minutes": max(0.0, forecast.seconds + forecast.reach - gone) / 60,
            "estimated_completion": forecast.completion,
        }

    def _look_ahead(self) -> _Ahead | None:
        step_seconds = self._steps.typical_seconds
        if step_seconds is None or self._total_steps is None:
            return None
        parts = (
            self._steps.forecast(max(0, self._total_steps - self._step)),
            self._evaluations.forecast(self._step, self._total_steps, step_seconds),
            self._saves.forecast(self._step, self._total_steps, step_seconds),
        )
        seconds = sum(part.seconds for part in parts if part is not None)
        reach = _P90 * math.sqrt(sum(part.variance for part in parts if part is not None))
        return _Ahead(seconds, reach, self._date(self._at + seconds))


class Scheduled:
    """Evaluations, or saves: how long they take, and how many the Trainer's schedule still holds.

    Several evaluations at one step (one for each data set) are one. The first, which warms caches up, is left out once
    a second is known. Where some that were due did not happen, as where only the best is saved, the share that did
    counts for those to come.

    Args:
        every_steps: The schedule: every multiple of this; `None` for never.
        unseen_share: How long one takes before any has been seen, as a share of the steps between two.
        first_step: None happens before this step.
        at_end: Whether one happens at the last step whatever the schedule.
    """

    def __init__(
        self, every_steps: int | None, *, unseen_share: float, first_step: int = 0, at_end: bool = True
    ) -> None:
        self._every_steps = every_steps
        self._first_step = first_step
        self._at_end = at_end
        self._unseen_share = unseen_share
        self._durations = Durations(warm_up=1, enough=2)
        self._under_way_seconds = 0.0
        self._step: int | None = None
        self._due = 0
        self._happened = 0

    def add(self, seconds: float | None) -> None:
        """Takes in the duration of one, or of a part of one."""
        self._under_way_seconds += seconds or 0.0

    def step_ended(self, step: int) -> None:
        """Closes what came since the step before, the last one of this session."""
        is_due = self._was_due()
        self._due += is_due
        if self._under_way_seconds:
            self._durations.add(self._under_way_seconds)
            self._under_way_seconds = 0.0
            self._happened += is_due
        self._step = step

    def _was_due(self) -> bool:
        if self._step is None or self._every_steps is None:
            return False
        return self._step >= self._first_step and self._step % self._every_steps == 0

    def count(self, step: int, total_steps: int) -> int:
        """Returns how many are still to come, those due at this step included.

        Example:
            >>> Scheduled(10, unseen_share=0.1).count(step=20, total_steps=35)  # at 20, 30 and 35
            3
        """
        if self._every_steps is None or step > total_steps:
            return 0
        regular = total_steps // self._every_steps - (max(step, self._first_step, 1) - 1) // self._every_steps
        last = self._at_end and total_steps % self._every_steps and total_steps >= self._first_step
        return max(0, regular) + bool(last)

    def forecast(self, step: int, total_steps: int, step_seconds: float) -> Forecast | None:
        """Returns the time that those to come will take; as uncertain as it is long while none has been seen."""
        if self._every_steps is None:
            return None
        count = self.count(step, total_steps) * (1 + self._happened) / (1 + self._due)
        seen = self._durations.forecast(count)
        if seen is not None:
            return seen
        guess = count * self._unseen_share * min(self._every_steps, total_steps) * step_seconds
        return Forecast(guess, guess * guess)
