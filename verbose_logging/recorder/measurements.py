"""Everything that is measured in a run, in one place for the entries that quote it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ParamSpec, TypeVar

import msgspec

from verbose_logging.entries import Group
from verbose_logging.facts import Fact, Logged, StepEnd
from verbose_logging.guard import Guard
from verbose_logging.hearing import Audience, Hearer, Observer, hears
from verbose_logging.meters import build_meters
from verbose_logging.plain import rounded, split_nonfinite
from verbose_logging.protocols import Meter, MetricGroup, Numbers
from verbose_logging.recorder.position import Position
from verbose_logging.recorder.resources import Resources
from verbose_logging.recorder.tally import Tally

P = ParamSpec("P")
T = TypeVar("T")

_NO_NUMBERS: Numbers = {}


class Numbered(msgspec.Struct, frozen=True):
    """The groups of an entry, with non-finite numbers taken out and named."""

    timing: dict[str, Any]
    metrics: Group
    progress: Group
    nonfinite: dict[str, str] | None


class _LatestLog(Hearer):
    """What the Trainer has logged for the step that has just ended."""

    def __init__(self) -> None:
        self.logs: dict[str, Any] = {}

    @hears(Logged)
    def _take(self, fact: Logged) -> None:
        self.logs = fact.logs

    @hears(StepEnd)
    def _forget(self, _: StepEnd) -> None:
        self.logs = {}


class Measurements:
    """Shows every fact to the time-keepers, the meters and the readings, and collects what they say.

    Args:
        guard: Contains a meter that raises.
        peak_flops: What one device can do, in FLOP/s, where the user states it.

    Attributes:
        observe: Takes in a fact.
    """

    observe: Callable[[Fact], None]

    def __init__(self, guard: Guard, *, peak_flops: float | None = None) -> None:
        self.position = Position()
        self.tally = Tally(self.position)
        self.resources = Resources(self.position.date)
        self.peak_flops = peak_flops
        self._guard = guard
        self._meters = build_meters(self.position.date, peak_flops=peak_flops)
        self.ledger = self._meters.ledger
        self._latest = _LatestLog()
        self._names: dict[Observer, str] = {self.resources: "resources"}
        self._names |= {meter: f"meter {type(meter).__name__}" for meter in self._meters.table}
        self._failing: set[Observer] = set()
        self._bind()
        self._usage = guard.guarded("resources", self.resources.usage, default=None)
        self._trends = guard.guarded("resources", self.resources.trends, default=None)

    def _bind(self) -> None:
        """Looks up what is called at each fact and at each step: as it is, or contained where its part has failed."""
        keepers: Sequence[Observer] = (self.position, self.tally, *self._meters.keepers, self._latest)
        audience = Audience((*keepers, *self._names), on_failure=self._contain, wrap=self._as_safe_as_needed)
        self.observe = audience.observe
        self._collectors = {moment: self._numbers_at(moment) for moment in ("at_step", "at_epoch", "at_end")}

    def _numbers_at(self, moment: str) -> list[tuple[Meter, Callable[[], Numbers]]]:
        """Returns the meters, and what gives their numbers at that moment."""
        return [
            (meter, self._as_safe_as_needed(meter, getattr(meter, moment), default=_NO_NUMBERS))
            for meter in self._meters.table
        ]

    def _as_safe_as_needed(self, part: Observer, call: Callable[P, T], default: Any = None) -> Callable[P, T]:
        return self._guard.guarded(self._names[part], call, default=default) if part in self._failing else call

    def _contain(self, part: Observer, error: Exception) -> None:
        """Has the guard stand between a part that has failed and us from now on; who keeps time must not fail."""
        if part not in self._names:
            raise error
        self._guard.note(self._names[part], error)
        self._failing.add(part)
        self._bind()

    def at_step(self) -> Numbered:
        """Returns the numbers of the step that has just ended, with what the Trainer logged for it."""
        return self._collect("at_step", also=self._latest.logs)

    def at_epoch(self) -> Numbered:
        """Returns the numbers of the epoch that has just ended."""
        return self._collect("at_epoch")

    def at_end(self) -> Numbered:
        """Returns the numbers of the whole session."""
        return self._collect("at_end")

    def resource_usage(self) -> dict[str, Any] | None:
        """Returns the machine's present state, where anything has been read."""
        return self._usage()

    def trends(self) -> dict[str, Any] | None:
        """Returns which way memory goes, where it has been read."""
        return self._trends()

    def _collect(self, moment: str, also: Mapping[str, Any] = _NO_NUMBERS) -> Numbered:
        groups: dict[MetricGroup, dict[str, Any]] = {"timing": {}, "metrics": dict(also), "progress": {}}
        for meter, numbers in self._collectors[moment]:
            try:
                groups[meter.group].update(numbers())
            except Exception as error:  # noqa: BLE001, PERF203 - one's failure is not the others'
                self._contain(meter, error)
        groups["metrics"], nonfinite = finite(groups["metrics"])
        return Numbered(rounded(groups["timing"]), groups["metrics"], groups["progress"], nonfinite)


def finite(metrics: Mapping[str, Any]) -> tuple[Group, dict[str, str] | None]:
    """Returns the metrics with `None` for what is not finite, and the names of those, as an entry carries them.

    Example:
        >>> finite({"loss": float("nan"), "grad_norm": 1.5})
        ({'loss': None, 'grad_norm': 1.5}, {'metrics.loss': 'NaN'})
    """
    try:
        if all(map(math.isfinite, metrics.values())):  # nearly always
            return dict(metrics), None
    except (TypeError, OverflowError):
        pass  # not all of them are numbers that a float can hold
    tree, nonfinite = split_nonfinite({"metrics": metrics})
    return tree["metrics"], nonfinite or None
