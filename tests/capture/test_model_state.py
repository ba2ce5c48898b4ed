"""The user's own view of the model."""

from __future__ import annotations

from typing import Any

import pytest

from verbose_logging.capture.model_state import LoopState, ModelStateAsker
from verbose_logging.facts import Fact, ModelStateRead


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


@pytest.mark.parametrize("unknown", [None, -1, 0])
def test_without_a_known_end_it_is_never_asked(unknown: int | None) -> None:
    """A stream has no percent, and the Trainer says -1 where it does not know."""
    said: list[Fact] = []
    asker = ModelStateAsker(lambda *_: {"asked": True}, 1, put=said.append, tell=Teller())
    asker.begin(0, unknown)
    asker.ask(LoopState(5, None, 0.0), None)

    assert [] == said


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
