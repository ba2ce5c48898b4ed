"""The steps among a log's lines: only what is asked for most is decoded, into C structs, many lines at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any

import msgspec

from verbose_logging.reading.fields import LARGEST_COUNT, count_at, group_at, nonfinite_at, number_at, text_at
from verbose_logging.reading.files.lines import BrokenLineError, line_of, parse_object

STEP = "training_step_complete"
IN_TIMING = ("step_time_seconds",)
IN_METRICS = ("loss", "learning_rate", "grad_norm", "mfu_percent")


class StepTiming(msgspec.Struct, frozen=True, gc=False):
    """What is decoded of a step's `timing`."""

    step_time_seconds: float | None = None


class StepMetrics(msgspec.Struct, frozen=True, gc=False):
    """What is decoded of a step's `metrics`."""

    loss: float | None = None
    learning_rate: float | None = None
    grad_norm: float | None = None
    mfu_percent: float | None = None


class StepLine(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag=STEP):
    """What is decoded of a step's line; everything else on it is passed over."""

    run_id: str | None = None
    step: Annotated[int, msgspec.Meta(ge=0, le=LARGEST_COUNT)] | None = None
    timing: StepTiming = StepTiming()
    metrics: StepMetrics = StepMetrics()
    nonfinite: dict[str, str] | None = None


class _NoLine(msgspec.Struct, tag_field="type", tag="no line of a log"):
    """Stands beside `StepLine`, because a decoder of one type alone does not ask for the tag."""


decode_step: Callable[[bytes], StepLine] = msgspec.json.Decoder(StepLine | _NoLine).decode


def step_line(entry: Mapping[str, Any]) -> StepLine:
    """Returns what matters of a step's entry that anyone may have written: of the expected type, or `None`.

    Example:
        >>> step_line({"step": 3, "metrics": {"loss": "low", "grad_norm": float("nan")}}).nonfinite
        {'metrics.grad_norm': 'NaN'}
    """
    metrics = group_at(entry, "metrics")
    marks = {key: mark for key, mark in group_at(entry, "nonfinite").items() if isinstance(mark, str)}
    marks |= {f"metrics.{name}": mark for name in IN_METRICS if (mark := nonfinite_at(metrics, name))}
    return StepLine(
        run_id=text_at(entry, "run_id"),
        step=count_at(entry, "step"),
        timing=StepTiming(*(number_at(entry, "timing", name) for name in IN_TIMING)),
        metrics=StepMetrics(*(number_at(metrics, name) for name in IN_METRICS)),
        nonfinite=marks or None,
    )


# one loop each, because attrgetter takes twice as long
_COLUMNS: dict[str, Callable[[Sequence[Any]], list[Any]]] = {
    "step": lambda rows: [row.step for row in rows],
    "loss": lambda metrics: [group.loss for group in metrics],
    "learning_rate": lambda metrics: [group.learning_rate for group in metrics],
    "grad_norm": lambda metrics: [group.grad_norm for group in metrics],
    "mfu_percent": lambda metrics: [group.mfu_percent for group in metrics],
    "step_time_seconds": lambda rows: [row.timing.step_time_seconds for row in rows],
}


class StepBlock:
    """Some steps of one run, in the file's order, as rows and as columns.

    Args:
        rows: The steps, at least one.
        numbers: The number of each one's line.
        ends: The first and the last entry as they stand in the file, or as their lines.

    Attributes:
        run_id: The run, `None` where the lines name none.
    """

    def __init__(self, rows: Sequence[StepLine], numbers: Sequence[int], ends: tuple[Any, Any]) -> None:
        self.rows = rows
        self.numbers = numbers
        self.run_id = rows[0].run_id
        self._ends = ends
        self._columns: dict[str, list[Any]] = {}
        self.marked = [row for row in rows if row.nonfinite]

    @cached_property
    def first_entry(self) -> Mapping[str, Any]:
        """The first step's whole entry."""
        return _entry(self._ends[0])

    @cached_property
    def last_entry(self) -> Mapping[str, Any]:
        """The last step's whole entry."""
        return _entry(self._ends[1])

    def column(self, name: str) -> list[Any]:
        """Returns a value of every row, `None` where there is none.

        Args:
            name: `step`, or a name of `IN_TIMING` or `IN_METRICS`.
        """
        if name not in self._columns:
            rows = self._metrics if name in IN_METRICS else self.rows
            self._columns[name] = _COLUMNS[name](rows)
        return self._columns[name]

    @cached_property
    def _metrics(self) -> list[StepMetrics]:
        return [row.metrics for row in self.rows]


def _entry(found: bytes | Mapping[str, Any]) -> Mapping[str, Any]:
    """Returns the entry, an empty one where the line is damaged in what `StepLine` passes over."""
    if not isinstance(found, bytes):
        return found
    try:
        return parse_object(line_of(0, found))
    except BrokenLineError:
        return {}
