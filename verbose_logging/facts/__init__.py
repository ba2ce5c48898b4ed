"""What was observed: one small tuple type per hook, sample and end.

A fact is what an adapter saw, with nothing computed from it. Building one costs the training thread about 0.1 us
(the types are C structs that encode as JSON arrays), so a hook is a clock read and an append.

`at` is always the monotonic clock in seconds. Wall-clock time enters only through facts that carry `wall` (seconds
since the epoch) and `utc_offset_seconds`; the recorder dates everything else from the latest of them.

Fields named in `deferred_fields` may hold, while the fact waits in the inbox, a scalar that is still on a device or
a `Deferred` computation. The pipeline's thread settles them before the recorder sees the fact.
"""

from __future__ import annotations

from typing import TypeAlias, Union

from verbose_logging.facts.base import Deferred, FactBase, Lineage
from verbose_logging.facts.machine import GcPause, ProbeFailed, ProbeRead
from verbose_logging.facts.run import (
    ClockRead,
    Restored,
    RunBroken,
    RunOpened,
    SystemInspected,
    TrainBegin,
    TrainEnd,
    TrainingInspected,
)
from verbose_logging.facts.steps import (
    EpochBegin,
    EpochEnd,
    Evaluated,
    FactsDropped,
    Logged,
    LoopStep,
    MicroStep,
    ModelStateRead,
    Predicted,
    PredictionStep,
    PreOptimizerStep,
    Quiet,
    Saved,
    StepBegin,
    StepEnd,
    SubstepEnd,
    UserWrote,
)

__all__ = [
    "ClockRead",
    "Deferred",
    "EpochBegin",
    "EpochEnd",
    "Evaluated",
    "Fact",
    "FactBase",
    "FactsDropped",
    "GcPause",
    "Lineage",
    "Logged",
    "LoopStep",
    "MicroStep",
    "ModelStateRead",
    "PreOptimizerStep",
    "Predicted",
    "PredictionStep",
    "ProbeFailed",
    "ProbeRead",
    "Quiet",
    "Restored",
    "RunBroken",
    "RunOpened",
    "Saved",
    "StepBegin",
    "StepEnd",
    "SubstepEnd",
    "SystemInspected",
    "TrainBegin",
    "TrainEnd",
    "TrainingInspected",
    "UserWrote",
]

Fact: TypeAlias = Union[  # noqa: UP007 - msgspec and TypeAlias need the runtime form on 3.10
    RunOpened,
    ClockRead,
    Restored,
    SystemInspected,
    TrainingInspected,
    TrainBegin,
    EpochBegin,
    StepBegin,
    MicroStep,
    SubstepEnd,
    PreOptimizerStep,
    LoopStep,
    StepEnd,
    EpochEnd,
    Logged,
    PredictionStep,
    Predicted,
    Evaluated,
    Saved,
    TrainEnd,
    RunBroken,
    ProbeRead,
    ProbeFailed,
    GcPause,
    Quiet,
    UserWrote,
    ModelStateRead,
    FactsDropped,
]
