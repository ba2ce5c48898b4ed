"""The user's own view of the model."""

from __future__ import annotations

from typing import Any

import pytest

from verbose_logging.capture.model_state import LoopState, ModelStateAsker
from verbose_logging.errors import SettingsError
from verbose_logging.facts import Fact, ModelStateRead
from verbose_logging.options.phases import Phase, phase_at
from verbose_logging.settings import Settings


class Teller:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Exception]] = []

    def __call__(self, part: str, error: Exception) -> None:
        """Takes a failure."""
        self.told.append((part, error))


def asked(function: Any, steps: int, *, report_percent: float = 10) -> tuple[list[dict[str, Any]], Teller]:
    """Returns what was recorded of the function in a run of so many steps, and what was told."""
    facts: list[Fact] = []
    teller = Teller()
    asker = ModelStateAsker(function, report_percent, put=facts.append, tell=teller)
    asker.begin(0, steps)
    for step in range(1, steps + 1):
        asker.ask(LoopState(step, steps, 0.0), None)
    return [fact.model_state for fact in facts if isinstance(fact, ModelStateRead)], teller


def test_it_is_asked_at_progress_reports_only() -> None:
    """In 100 steps with a report each 10 % it is called ten times, at the reports' steps."""
    calls: list[int] = []
    said, _ = asked(lambda state, _: calls.append(state.global_step) or {"step": state.global_step}, 100)

    assert list(range(10, 101, 10)) == calls
    assert {"step": 100} == said[-1]


def test_without_a_known_end_it_is_never_asked() -> None:
    """A stream has no percent, and the Trainer says -1 where it does not know."""
    for unknown in (None, -1, 0):
        asker = ModelStateAsker(lambda *_: 1 / 0, 1, put=print, tell=Teller())
        asker.begin(0, unknown)
        asker.ask(LoopState(5, None, 0.0), None)


def test_one_that_raises_is_told_once_and_then_off() -> None:
    """A broken function costs one exception, whose line names the option."""
    calls: list[int] = []

    def broken(state: LoopState, _: Any) -> dict[str, Any]:
        calls.append(state.global_step)
        raise ZeroDivisionError("no neurons")

    said, teller = asked(broken, 100)

    assert [] == said
    assert [10] == calls
    (told,) = teller.told
    assert "model_state" in told[0]
    assert "no neurons" == str(told[1])


def test_one_that_returns_no_mapping_is_refused() -> None:
    """A number alone has no name to stand under."""
    said, teller = asked(lambda *_: 0.5, 10)

    assert [] == said
    assert "expected a mapping of names to values, got float" == str(teller.told[0][1])


def test_what_it_says_is_a_plain_and_redacted_copy() -> None:
    """What is changed afterwards changes no entry; secrets are taken out."""
    state = {"persona": {"warmth": 0.5}, "hub_token": "abc", "phase": ("a", 1)}
    said, _ = asked(lambda *_: state, 10, report_percent=100)
    state["persona"]["warmth"] = 0.9  # type: ignore[index]

    assert [{"persona": {"warmth": 0.5}, "hub_token": "[redacted]", "phase": ["a", 1]}] == said


def test_a_tuple_is_a_phase() -> None:
    """Phases are given as tuples or lists, with or without a description."""
    settings = Settings.from_options(phases=[(0, "basic", "Learning to listen"), [0.5, "deep"]])

    assert [Phase(0.0, "basic", "Learning to listen"), Phase(0.5, "deep")] == settings.phases
    assert {"name": "deep", "begins_at": 0.5} == phase_at(settings.phases, 0.75)


def test_before_the_first_phase_there_is_none() -> None:
    """A curriculum may begin later than the run."""
    assert phase_at([Phase(0.5, "deep")], 0.49) is None


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"phases": [(0.5, "deep"), (0.0, "basic")]}, "'basic' begins at 0, which is not after 'deep' at 0.5"),
        ({"phases": [(1.5, "late")]}, "phases"),
        ({"phases": [("basic", 0.0)]}, "phases"),
        ({"phases": [(0.0, "basic", "hearing", "late")]}, "phases"),
        ({"phases": "basic"}, "phases: got 'basic', expected a list"),
        ({"model_state": 5}, "model_state: expected a function of the Trainer's state and the model, got 5"),
        ({"console_interval": -1}, "console_interval"),
        ({"console": "tabel"}, "console: got 'tabel', expected auto, steps, .*; did you mean 'table'"),
        ({"console": ["steps", "table"]}, "console: got .* expected auto, steps"),
    ],
)
def test_wrong_values_are_named(options: dict[str, Any], told: str) -> None:
    """Every refusal names the option."""
    with pytest.raises(SettingsError, match=told):
        Settings.from_options(**options)
