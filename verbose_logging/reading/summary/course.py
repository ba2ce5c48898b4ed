"""When and what a run was, how far it came and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from verbose_logging.reading.fields import count_at, group_at, known, moment_of, number_at, numbers_in, text_at
from verbose_logging.reading.files.step_lines import STEP, StepBlock
from verbose_logging.reading.summary.part import Part
from verbose_logging.run_document import OUTCOMES


class Span(Part):
    """When the run was, how many entries it wrote and how many it lost."""

    def __init__(self) -> None:
        self._run_id: str | None = None
        self._entries = 0
        self._dropped = 0
        self._first: datetime | None = None
        self._last: datetime | None = None

    def take(self, kind: str, entry: Mapping[str, Any]) -> None:
        """Takes in an entry."""
        self._run_id = text_at(entry, "run_id") or self._run_id
        self._entries += 1
        self._last = moment_of(entry) or self._last
        self._first = self._first or self._last
        if kind == "entries_dropped":
            self._dropped += count_at(entry, "count") or 0

    def take_steps(self, block: StepBlock) -> None:
        """Takes in steps."""
        self.take(STEP, block.first_entry)
        self.take(STEP, block.last_entry)
        self._entries += len(block.rows) - 2

    def pass_over(self, count: int) -> None:
        """Counts entries that say nothing of the run as a whole."""
        self._entries += count

    def result(self) -> dict[str, Any]:
        """Returns `run_id`, `entries`, and the times of the first and the last one."""
        return {
            "run_id": self._run_id,
            "started_at": self._first.isoformat() if self._first else None,
            "last_entry_at": self._last.isoformat() if self._last else None,
            "duration_seconds": (self._last - self._first).total_seconds() if self._first and self._last else None,
            "entries": self._entries,
            "entries_dropped": self._dropped or None,
        }


class Subject(Part):
    """What was trained on what, and where it went."""

    def __init__(self) -> None:
        self._result: dict[str, Any] = {}

    def take(self, kind: str, entry: Mapping[str, Any]) -> None:
        """Takes in an entry."""
        if kind == "training_initialization":
            self._result = {
                "model": _brief(
                    group_at(entry, "model_info"),
                    ("name", "total_parameters", "trainable_parameters", "size_mb", "quantization"),
                ),
                "data": _brief(group_at(entry, "dataset_info"), ("type", "size")),
                "run_name": text_at(entry, "run_name") or text_at(entry, "settings", "run_name"),
                "verbosity_level": text_at(entry, "settings", "verbosity_level"),
                "output_dir": text_at(entry, "training_args", "output_dir"),
            }

    def result(self) -> dict[str, Any]:
        """Returns the model and the data in brief, and the folder of the run."""
        return dict(self._result)


def _brief(info: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """Returns the named values of a group, or else those of each group in it."""
    within = {key: _named(value, names) for key, value in info.items() if isinstance(value, dict)}
    return _named(info, names) or {key: values for key, values in within.items() if values}


def _named(group: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    texts = {name: text_at(group, name) for name in names}
    return known(**texts) | numbers_in({name: group.get(name) for name in names})


class Progress(Part):
    """How far the run came."""

    def __init__(self) -> None:
        self._result: dict[str, Any] = {}
        self._eta_minutes: float | None = None

    def take(self, kind: str, entry: Mapping[str, Any]) -> None:
        """Takes in an entry."""
        if kind == "training_start":
            self._result |= {
                key: count_at(entry, key) for key in ("total_steps", "total_epochs", "resumed_from_step", "attempt")
            }
        elif kind in OUTCOMES:
            self._eta_minutes = None
        else:
            eta_minutes = number_at(entry, "timing", "eta_minutes")
            self._eta_minutes = self._eta_minutes if eta_minutes is None else eta_minutes
        epoch = count_at(entry, "epoch")
        self._result |= self._steps_done(kind, entry)
        self._result |= {"epoch": epoch} if epoch is not None else {}

    def _steps_done(self, kind: str, entry: Mapping[str, Any]) -> dict[str, int]:
        """Returns how many steps are done; a loop may count from 0, so that a step's number alone can fall short."""
        for group in ("progress", "statistics"):
            if (counted := count_at(entry, group, "current_step")) is not None:
                return {"steps_done": counted}
        step = count_at(entry, "step")
        if step is None:
            return {}
        return {"steps_done": step if kind == "training_start" else max(step, self._result.get("steps_done", 0))}

    def result(self) -> dict[str, Any]:
        """Returns steps and epochs, done and planned, and the time that is left."""
        return self._result | {"eta_minutes": self._eta_minutes}


class Ending(Part):
    """How the run ended, where its time went, and its peaks."""

    def __init__(self) -> None:
        self._result: dict[str, Any] = {"outcome": "unfinished"}

    def take(self, kind: str, entry: Mapping[str, Any]) -> None:
        """Takes in an entry."""
        if kind in OUTCOMES:
            self._result = {
                "outcome": OUTCOMES[kind],
                "time_ledger": numbers_in(group_at(entry, "time_ledger")),
                "peaks": numbers_in(group_at(entry, "peaks")),
                "exception": known(**{key: text_at(entry, "exception", key) for key in ("type", "message")}) or None,
            }

    def result(self) -> dict[str, Any]:
        """Returns the end, or that there is none."""
        return dict(self._result)
