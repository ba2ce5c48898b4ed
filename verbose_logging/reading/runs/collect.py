"""What a loaded run is made of: parts that follow its entries and keep what people ask for."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from verbose_logging.reading.files.problems import Problem
from verbose_logging.reading.files.step_lines import IN_METRICS, IN_TIMING, StepBlock
from verbose_logging.reading.open_findings import FINDING_TYPES
from verbose_logging.reading.runs.columns import Column
from verbose_logging.reading.runs.more_columns import FileColumns, Place, flat_places
from verbose_logging.reading.runs.steps import Steps
from verbose_logging.reading.summary.part import Part

AT_HAND = ("step", *IN_METRICS, *IN_TIMING)
_NOT_FINITE = frozenset({"NaN", "Infinity", "-Infinity"})
_HEADER_TYPES = frozenset({"system_initialization", "training_initialization", "training_start"})
_COMMON = frozenset({"type", "level", "message", "seq", "rank", "timestamp", "step", "epoch", "nonfinite"})
_NOT_IN_EVENTS = frozenset({"type", "level", "message", "run_id", "seq", "rank", "metrics", "nonfinite"})


class StepTable(Part):
    """Collects the steps of a run in columns."""

    def __init__(self) -> None:
        self._columns = {name: Column("q" if name == "step" else "d") for name in AT_HAND}
        self._lines = array("Q")
        self._places: dict[str, Place] = {}
        self._repeated: list[Problem] = []
        self._last_step = -1
        self._went_back = False

    def take_steps(self, block: StepBlock) -> None:
        """Takes in steps; a loop that counts from 0 resumes at the number of a step that it does again."""
        if self._went_back and (first := block.column("step")[0]) is not None and first <= self._last_step:
            self.go_back(first - 1)
        self._went_back = False
        size = len(self._lines)
        for name, column in self._columns.items():
            column.extend(block.column(name))
        self._lines.extend(block.numbers)
        if block.marked:
            self._put_nonfinite(block, size)
        self._places |= flat_places(block.first_entry if size == 0 else block.last_entry)
        self._check_order(block)

    def go_back(self, step: int) -> None:
        """Forgets the steps above a step, which are done again."""
        steps = self._columns["step"].to_list()
        size = len(steps)
        while size and (steps[size - 1] or 0) > step:
            size -= 1
        del self._lines[size:]
        for column in self._columns.values():
            column.cut(size)
        self._last_step = step
        self._went_back = True

    def steps(self, path: Path) -> Steps:
        """Returns the table; further columns are read from the file."""
        places = {name: place for name, place in self._places.items() if name not in AT_HAND}
        return Steps(self._columns, self._lines, FileColumns(path, places))

    @property
    def problems(self) -> list[Problem]:
        """The steps that came again."""
        return self._repeated

    def _put_nonfinite(self, block: StepBlock, size: int) -> None:
        for place, row in enumerate(block.rows, start=size):
            for name in IN_METRICS if row.nonfinite else ():
                mark = (row.nonfinite or {}).get(f"metrics.{name}")
                if mark in _NOT_FINITE:
                    self._columns[name].put_nonfinite(place, mark)

    def _check_order(self, block: StepBlock) -> None:
        steps = block.column("step")
        if (
            steps[0] is not None
            and steps[0] > self._last_step
            and steps == list(range(steps[0], steps[0] + len(steps)))
        ):
            self._last_step = steps[-1]
            return
        for step, line in zip(steps, block.numbers, strict=True):
            if step is None:
                continue
            if step <= self._last_step and not self._repeated:
                self._repeated.append(Problem(line, f"step {step} comes after step {self._last_step}; both are kept"))
            self._last_step = max(step, self._last_step)


class Events(Part):
    """Collects what a run has besides steps: its header, evaluations, checkpoints and alerts."""

    def __init__(self) -> None:
        self.header: dict[str, Any] = {}
        self.evaluations: list[dict[str, Any]] = []
        self.checkpoints: list[dict[str, Any]] = []
        self.alerts: list[dict[str, Any]] = []

    def take(self, kind: str, entry: Mapping[str, Any]) -> None:
        """Takes in an entry."""
        if kind in _HEADER_TYPES:
            self.header |= {key: value for key, value in entry.items() if key not in _COMMON}
        elif kind == "evaluation_complete":
            self.evaluations.append(flat_event(entry))
        elif kind == "model_checkpoint_save":
            self.checkpoints.append(flat_event(entry))
        elif kind in FINDING_TYPES:
            self.alerts.append(dict(entry))

    def go_back(self, step: int) -> None:
        """Forgets what lies above a step, which is done again."""
        for events in (self.evaluations, self.checkpoints):
            events[:] = [event for event in events if not isinstance(event.get("step"), int) or event["step"] <= step]


def flat_event(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Returns an event with its metrics beside its other values; what is not finite as `nan` or `inf`.

    Example:
        >>> metrics, nonfinite = {"eval_loss": None}, {"metrics.eval_loss": "NaN"}
        >>> flat_event({"type": "evaluation_complete", "step": 2, "metrics": metrics, "nonfinite": nonfinite})
        {'step': 2, 'eval_loss': nan}
    """
    metrics = entry.get("metrics")
    marks = entry.get("nonfinite")
    marks = marks if isinstance(marks, dict) else {}
    flat = {key: value for key, value in entry.items() if key not in _NOT_IN_EVENTS}
    for name, value in (metrics if isinstance(metrics, dict) else {}).items():
        mark = marks.get(f"metrics.{name}")
        known = float(mark) if mark in _NOT_FINITE else value
        flat.setdefault(name, known)
    return flat
