"""Phases of a run, as they are given and as they are told."""

from __future__ import annotations

from typing import Any

import pytest

from verbose_logging.errors import SettingsError
from verbose_logging.options.phases import Phase, phase_at
from verbose_logging.settings import Settings


def test_a_tuple_is_a_phase() -> None:
    """Phases are given as tuples or lists, with or without a description."""
    settings = Settings.from_options(phases=[(0, "basic", "Learning to listen"), [0.5, "deep"]])

    assert [Phase(0.0, "basic", "Learning to listen"), Phase(0.5, "deep")] == settings.phases
    assert {"name": "deep", "begins_at": 0.5} == phase_at(settings.phases, 0.75)


def test_before_the_first_phase_there_is_none() -> None:
    """A curriculum may begin later than the run."""
    assert phase_at([Phase(0.5, "deep")], 0.49) is None


@pytest.mark.parametrize(
    ("phases", "told"),
    [
        ([(0.5, "deep"), (0.0, "basic")], "'basic' begins at 0, which is not after 'deep' at 0.5"),
        ([(1.5, "late")], "phases"),
        ([("basic", 0.0)], "phases"),
        ([(0.0, "basic", "hearing", "late")], "phases"),
        ("basic", "phases: got 'basic', expected a list"),
    ],
)
def test_wrong_phases_are_refused(phases: Any, told: str) -> None:
    """A share that is none, an order that goes back, a tuple too long: each is refused by the option's name."""
    with pytest.raises(SettingsError, match=told):
        Settings.from_options(phases=phases)
