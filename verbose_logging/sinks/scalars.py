"""The numbers of an entry as flat names, for tools that draw curves: `train/loss`, `eval/loss`, `system/cpu/...`.

What the level writes is what there is: an entry that carries no readings gives none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from verbose_logging.entries import (
    Entry,
    EntryBase,
    EpochComplete,
    EvaluationComplete,
    FindingBase,
    Heartbeat,
    ProgressReport,
    TrainingStepComplete,
    UserEntry,
)


class Scalars(msgspec.Struct, frozen=True):
    """The numbers of one entry.

    Args:
        step: The entry's step.
        wall: When, in seconds since the epoch.
        values: Numbers by flat name; also those that are not finite.
    """

    step: int
    wall: float
    values: dict[str, float]


class ScalarReader:
    """Takes entries in order and gives the numbers of each; a progress report repeats its step's and gives none then.

    Example:
        >>> step = TrainingStepComplete(
        ...     timestamp="2025-09-20T22:31:25.000000+00:00", level="INFO", message="m", run_id="r", seq=1, rank=0,
        ...     step=3, epoch=1, timing={"phases": {"data_wait_seconds": 0.5}}, metrics={"loss": None}, progress={},
        ...     nonfinite={"metrics.loss": "NaN"})
        >>> ScalarReader().read(step).values
        {'timing/phases/data_wait_seconds': 0.5, 'train/loss': nan}
    """

    def __init__(self) -> None:
        self._last_step: int | None = None

    def read(self, entry: Entry) -> Scalars | None:
        """Returns the entry's numbers, `None` where it has none."""
        if isinstance(entry, UserEntry) or (isinstance(entry, ProgressReport) and entry.step == self._last_step):
            return None
        if isinstance(entry, TrainingStepComplete):
            self._last_step = entry.step
        values = dict(_values(entry))
        wall = datetime.fromisoformat(entry.timestamp).timestamp()
        return Scalars(entry.step, wall, values) if values else None


def _values(entry: EntryBase) -> Iterator[tuple[str, float]]:
    if isinstance(entry, TrainingStepComplete | ProgressReport):
        yield from _flat("timing", entry.timing)
        yield from _flat("train", entry.metrics)
        yield from _flat("progress", entry.progress)
        yield from _flat("system", entry.resource_usage or {})
        yield from _nonfinite(entry, "train")
    elif isinstance(entry, EvaluationComplete):
        yield from _flat("eval", {name.removeprefix("eval_"): value for name, value in entry.metrics.items()})
        yield from _nonfinite(entry, "eval")
    elif isinstance(entry, EpochComplete):
        yield from _flat("epoch", {**entry.timing, **entry.metrics, "duration_seconds": entry.duration_seconds})
    elif isinstance(entry, FindingBase):
        yield f"finding/{entry.rule}", float(entry.state == "firing")
    elif isinstance(entry, Heartbeat):
        yield from _flat("system", entry.resource_usage or {})


def _flat(path: str, group: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Yields the numbers of a nested group; devices go by their index, and lists of plain numbers are left out."""
    for name, value in group.items():
        if isinstance(value, Mapping):
            yield from _flat(f"{path}/{name}", value)
        elif name == "devices" and isinstance(value, list):
            for place, device in enumerate(value):
                yield from _flat(f"{path}/{device.get('index', place)}", device)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield f"{path}/{name}", float(value)


def _nonfinite(entry: EntryBase, path: str) -> Iterator[tuple[str, float]]:
    for name, value in (entry.nonfinite or {}).items():
        if name.startswith("metrics."):
            yield f"{path}/{name.removeprefix('metrics.').removeprefix('eval_')}", float(value)
