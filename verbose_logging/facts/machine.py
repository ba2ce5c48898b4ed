"""What the machine says beside the training."""

from __future__ import annotations

from typing import Any

from verbose_logging.facts.base import FactBase


class ProbeRead(FactBase, frozen=True):
    """A probe answered."""

    probe: str
    reading: dict[str, Any]


class ProbeFailed(FactBase, frozen=True):
    """A probe raised or has not answered in time; its last reading grows old."""

    probe: str
    error: str


class GcPause(FactBase, frozen=True):
    """The garbage collector stopped the process for so many seconds."""

    seconds: float
    generation: int
