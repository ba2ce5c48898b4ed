"""Phases of a run that the user names, by the share of the run at which each begins."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Any

import msgspec

from verbose_logging.errors import SettingsError


class Phase(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One phase, given as `(begins_at, name, description)`.

    Args:
        begins_at: Share of the run at which it begins: 0.0 is the start, 0.5 the middle.
        name: What it is called.
        description: What the model is focusing on.
    """

    begins_at: Annotated[float, msgspec.Meta(ge=0, lt=1)]
    name: str
    description: str = ""


def check_phases(phases: Sequence[Phase]) -> None:
    """Checks that each phase begins after the one before.

    Raises:
        SettingsError: One does not.
    """
    for one, next_one in pairwise(phases):
        if next_one.begins_at <= one.begins_at:
            raise SettingsError(
                f"phases: {next_one.name!r} begins at {next_one.begins_at:g}, which is not after {one.name!r} "
                f"at {one.begins_at:g}; give them in order"
            )


def phase_at(phases: Sequence[Phase], share: float) -> dict[str, Any] | None:
    """Returns the phase of a share of the run as an entry carries it, `None` before the first.

    Example:
        >>> phase_at([Phase(0.0, "basic"), Phase(0.5, "deep", "Learning patterns")], 0.5)
        {'name': 'deep', 'begins_at': 0.5, 'description': 'Learning patterns'}
    """
    begun = [phase for phase in phases if phase.begins_at <= share]
    if not begun:
        return None
    phase = begun[-1]
    told = {"name": phase.name, "begins_at": phase.begins_at}
    return told | ({"description": phase.description} if phase.description else {})
