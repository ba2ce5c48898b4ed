from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from verbose_logging.entries import TrainingStepComplete, UserEntry, decode_entry, encode_entry
from verbose_logging.sinks.encoding import EntryEncoder

MakeStep = Callable[..., TrainingStepComplete]


def test_clean_entry_is_its_encoding_and_a_newline(step_entry: MakeStep) -> None:
    """Nothing is changed in an entry that encodes."""
    entry = step_entry(1, metrics={"loss": 2.5})
    assert [encode_entry(entry) + b"\n"] == EntryEncoder().lines([entry])


def test_cleaned_entry_is_still_of_its_type(step_entry: MakeStep) -> None:
    """A foreign value in a group costs the others nothing, and the line validates."""
    (line,) = EntryEncoder().lines([step_entry(1, metrics={"loss": 2.5}, resource_usage={"where": Path("runs")})])
    decoded = decode_entry(line)
    assert isinstance(decoded, TrainingStepComplete)
    assert decoded.metrics == {"loss": 2.5}
    assert decoded.resource_usage == {"where": "runs"}
    assert decoded.trends is None


def cyclic() -> dict[str, Any]:
    """Returns a dictionary that holds itself."""
    tree: dict[str, Any] = {}
    tree["self"] = tree
    return tree


@pytest.mark.parametrize(
    "value",
    [cyclic(), object(), "\ud800", {("a", 1): 2}, 10**5000, 1j, {1, 2}, float("nan")],
    ids=["cycle", "object", "surrogate", "tuple key", "long", "complex", "set", "nan"],
)
def test_any_value_becomes_one_strict_line(value: Any) -> None:
    """Whatever a user writes, the line is one line of strict JSON, and the rest of the entry is whole."""

    def refuse(token: str) -> None:
        raise AssertionError(token)

    (line,) = EntryEncoder().lines([UserEntry({"type": "note", "value": value, "seq": 3})])
    assert line.count(b"\n") == 1
    decoded = json.loads(line, parse_constant=refuse)
    assert (decoded["type"], decoded["seq"]) == ("note", 3)
    assert msgspec.json.decode(line).keys() == {"type", "value", "seq"}


@pytest.mark.parametrize(
    "text", ["\x9b31m", "\x85", "\u2028", "\u202e", "\u2066", "\u200e", "\u200f", "\u061c", "\x7f", "\x1b[31m", "a\nb"]
)
def test_what_could_trick_a_terminal_is_escaped(text: str) -> None:
    """Controls, separators and turned writing reach no terminal by `cat`, and the line says the same as before."""
    (line,) = EntryEncoder().lines([UserEntry({"type": "note", "seq": 1, "message": f"°{text}✅"})])

    assert f"°{text}✅" == json.loads(line)["message"]
    assert all(character.isprintable() for character in line.decode().removesuffix("\n"))
    assert 1 == len(line.decode().splitlines())


def test_one_entry_says_nothing_about_its_neighbours(step_entry: MakeStep) -> None:
    """In a batch, each line is what it would be alone: where one is cleaned or escaped, the others stay as they are."""
    clean = step_entry(1, metrics={"loss": 2.5}, nonfinite={"metrics.loss": "NaN"})
    odd = UserEntry({"type": "note", "seq": 2, "value": Path("runs"), "message": "\x9b31m"})
    (alone,), (cleaned,) = EntryEncoder().lines([clean]), EntryEncoder().lines([odd])
    assert [alone, cleaned, alone] == EntryEncoder().lines([clean, odd, clean])


def test_readings_that_steps_share_stand_in_each(step_entry: MakeStep) -> None:
    """Encoded together, steps have the lines that each has alone, whichever readings they share, change or lack."""
    usage, later = {"memory": {"used_gb": 1.5}}, {"memory": {"used_gb": 2.5}}
    trends = {"memory_usage_trend": {"current": 1.5}}
    steps = [
        step_entry(1),
        step_entry(2, resource_usage=usage, trends=trends),
        step_entry(3, resource_usage=usage, trends=trends),
        step_entry(4, resource_usage=later, trends=trends),
        step_entry(5),
        step_entry(6, resource_usage=usage),
    ]
    assert [encode_entry(step) + b"\n" for step in steps] == EntryEncoder().lines(steps)
