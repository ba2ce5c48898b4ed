"""The four seams: what measures, what reads the machine, what judges, what writes.

Whatever has these methods fits; nothing needs to inherit from us. Implementations live one per file in `meters/`,
`probes/`, `rules/` and `sinks/`, and each folder's table lists them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, Protocol, TypeAlias, runtime_checkable

import msgspec

from verbose_logging.entries import Entry, Severity, Value
from verbose_logging.facts import Fact

FindingKind: TypeAlias = Literal["resource_warning", "performance_anomaly", "training_health"]
MetricGroup: TypeAlias = Literal["timing", "metrics", "progress"]
Measured: TypeAlias = Value | Mapping[str, float]
Numbers: TypeAlias = Mapping[str, Measured]


class MetricSpec(msgspec.Struct, frozen=True):
    """What a metric is, declared by the meter that gives it.

    Args:
        name: Its key in the log.
        unit: "s", "1/s", "%", "" for a pure number.
        description: One sentence.
        better: The direction in which a run is better, where there is one.
    """

    name: str
    unit: str
    description: str
    better: Literal["lower", "higher"] | None = None


class Meter(Protocol):
    """Turns facts into one group of numbers.

    A name that is not known at a moment is left out of what the meter returns then.
    """

    @property
    def group(self) -> MetricGroup:
        """The entry's group that the numbers go to."""

    @property
    def specs(self) -> Sequence[MetricSpec]:
        """Every name this meter can return."""

    def observe(self, fact: Fact) -> None:
        """Takes in a fact. In order; a `hearing.Hearer` is shown only those that its marked methods want to hear of."""

    def at_step(self) -> Numbers:
        """Returns the numbers of the step that has just ended."""

    def at_epoch(self) -> Numbers:
        """Returns the numbers of the epoch that has just ended."""

    def at_end(self) -> Numbers:
        """Returns the numbers of the whole session."""


@runtime_checkable
class Probe(Protocol):
    """Reads one source of the machine.

    `read` runs on a sampler's thread, may block and may raise; what cannot be read is left out, never 0.
    """

    @property
    def name(self) -> str:
        """The key of the reading in `resource_usage`."""

    @property
    def interval_seconds(self) -> float:
        """The shortest time between two readings that makes sense for this source."""

    def read(self) -> Mapping[str, Any]:
        """Returns the present reading: plain values, units in the names."""


class Condition(msgspec.Struct, frozen=True):
    """What a rule says of an entry.

    Args:
        firing: Whether the condition holds.
        subject: What it holds for, where there are several ("gpu0"); "" otherwise.
        verdict: One sentence, for people.
        evidence: The values, steps and limits that the verdict rests on.
        suggestion: What to try.
        severity: How bad it is this time, where that is not what the rule declares.
    """

    firing: bool
    subject: str = ""
    verdict: str = ""
    evidence: dict[str, Any] = {}
    suggestion: str | None = None
    severity: Severity | None = None


class Rule(Protocol):
    """Judges entries at full detail, in order. The same entries give the same conditions, live or replayed.

    A rule sees every entry that some level writes at all four levels, and every step with all of its numbers, whatever
    the level of the run. A rule may have `explains`, the names of the rules that are its symptoms: while it fires,
    those are not told.
    """

    @property
    def name(self) -> str:
        """The finding's stable name."""

    @property
    def kind(self) -> FindingKind:
        """The entry type of the finding."""

    @property
    def severity(self) -> Severity:
        """How bad it is when it holds."""

    def judge(self, entry: Entry) -> Iterable[Condition]:
        """Returns what can be said after this entry; nothing where the entry has nothing to say."""


@runtime_checkable
class Sink(Protocol):
    """Takes entries to one destination.

    Called from the pipeline's thread only. `write` may raise: the entries given are then counted as undelivered to
    this sink, and the sink is switched off after a few failures in a row.
    """

    def write(self, entries: Sequence[Entry]) -> None:
        """Takes a batch of entries, in order."""

    def flush(self) -> None:
        """Hands everything taken so far to the operating system, as far as that is possible now."""

    def close(self) -> None:
        """Flushes and lets go of what the sink holds. Called once; nothing is written afterwards."""


class Clock(Protocol):
    """The two clocks."""

    def monotonic(self) -> float:
        """Returns seconds that never go back."""

    def wall(self) -> float:
        """Returns seconds since the epoch."""

    def utc_offset_seconds(self) -> float:
        """Returns the local time zone's offset at this moment, in seconds east of UTC."""
