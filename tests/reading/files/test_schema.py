from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest

from verbose_logging.entries import ENTRY_TYPES
from verbose_logging.reading.files.schema import log_schema

COMMON = {"timestamp": "2026-01-02T03:04:05+00:00", "type": "epoch_note", "level": "INFO", "message": "hello"}


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    """The schema, ready to validate."""
    return jsonschema.Draft202012Validator(log_schema())


def test_it_is_a_json_schema() -> None:
    """The schema satisfies the draft that it names and is plain JSON."""
    schema = log_schema()
    jsonschema.Draft202012Validator.check_schema(schema)

    assert schema == json.loads(json.dumps(schema, allow_nan=False))


def test_every_entry_type_is_in_it() -> None:
    """No type that we write is missing."""
    assert set(ENTRY_TYPES) == {clause["if"]["properties"]["type"]["const"] for clause in log_schema()["allOf"]}


def test_a_real_run_satisfies_it(validator: jsonschema.Draft202012Validator, full_run: Any) -> None:
    """Every line that the entry types encode is valid."""
    for line in full_run.lines:
        validator.validate(json.loads(line))


def test_a_broken_entry_of_a_known_type_fails(validator: jsonschema.Draft202012Validator) -> None:
    """A known type is held to its own keys, and is not let through as if it were unknown."""
    assert not validator.is_valid(COMMON | {"type": "heartbeat"})


def test_a_users_entry_passes_with_the_four_keys(validator: jsonschema.Draft202012Validator) -> None:
    """A type of the user's own may hold anything beside them."""
    assert validator.is_valid(COMMON | {"anything": [1, {"deep": None}]})


@pytest.mark.parametrize("key", list(COMMON))
def test_a_users_entry_fails_without_one_of_the_four(validator: jsonschema.Draft202012Validator, key: str) -> None:
    """Without any one of the four keys it is no entry."""
    assert not validator.is_valid({name: value for name, value in COMMON.items() if name != key})


def test_additional_keys_are_allowed(validator: jsonschema.Draft202012Validator, new_log: Callable[..., Any]) -> None:
    """A log of a later version, with more keys, stays valid."""
    entry = json.loads(new_log().step(1, 2.0).lines[0])

    assert validator.is_valid(entry | {"new_group": {"x": 1}})
