"""What each of the four levels includes. This table is the whole difference between them."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from verbose_logging.errors import SettingsError, did_you_mean

LevelName: TypeAlias = Literal["low", "medium", "high", "ultra"]


class Level(msgspec.Struct, frozen=True, kw_only=True):
    """What one level includes.

    Args:
        name: The level's name.
        entry_types: Types of entries that are written.
        resource_usage_every: A step's entry carries `resource_usage` at every so many steps; `None` for never.
        phases: Whether `timing.phases` is written.
        trends: Whether `trends` is written.
        dear_readings: Whether each core's load and the machine's temperatures are read.
        progress_percent: Share of the run between two progress reports, in percent.
        console_forms: What is printed where nothing else is asked for.
        sample_interval_seconds: Time between two readings of the machine.
    """

    name: LevelName
    entry_types: frozenset[str]
    resource_usage_every: int | None
    phases: bool
    trends: bool
    dear_readings: bool
    progress_percent: float
    console_forms: tuple[str, ...]
    sample_interval_seconds: float

    @property
    def tells_all(self) -> bool:
        """Whether every step is written with all its numbers."""
        return self.resource_usage_every == 1


_ALWAYS = frozenset(
    {
        "system_initialization",
        "training_initialization",
        "training_start",
        "epoch_begin",
        "epoch_complete",
        "evaluation_complete",
        "model_checkpoint_save",
        "resource_warning",
        "performance_anomaly",
        "training_health",
        "progress_report",
        "entries_dropped",
        "heartbeat",
        "training_complete",
        "training_interrupted",
        "training_failed",
    }
)
_STEPS = _ALWAYS | {"training_step_complete"}
_LOGS = _STEPS | {"training_metrics_update"}
_EVERYTHING = _LOGS | {"step_begin", "substep_complete", "prediction_step"}

LEVELS: dict[str, Level] = {
    level.name: level
    for level in (
        Level(
            name="low",
            entry_types=_ALWAYS,
            resource_usage_every=None,
            phases=False,
            trends=False,
            dear_readings=False,
            progress_percent=10.0,
            console_forms=("milestones",),
            sample_interval_seconds=5.0,
        ),
        Level(
            name="medium",
            entry_types=_STEPS,
            resource_usage_every=5,
            phases=False,
            trends=False,
            dear_readings=False,
            progress_percent=1.0,
            console_forms=("progress",),
            sample_interval_seconds=2.0,
        ),
        Level(
            name="high",
            entry_types=_LOGS,
            resource_usage_every=1,
            phases=True,
            trends=True,
            dear_readings=False,
            progress_percent=1.0,
            console_forms=("steps", "progress"),
            sample_interval_seconds=1.0,
        ),
        Level(
            name="ultra",
            entry_types=_EVERYTHING,
            resource_usage_every=1,
            phases=True,
            trends=True,
            dear_readings=True,
            progress_percent=1.0,
            console_forms=("steps", "progress"),
            sample_interval_seconds=1.0,
        ),
    )
}


def level_named(name: str) -> Level:
    """Returns the level of that name.

    Raises:
        SettingsError: There is no such level.
    """
    level = LEVELS.get(name) if isinstance(name, str) else None
    if level is None:
        raise SettingsError(f"verbosity_level: no level {name!r}; {did_you_mean(str(name), LEVELS)}")
    return level
