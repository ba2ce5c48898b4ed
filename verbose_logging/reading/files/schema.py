"""The schema of a log line as JSON Schema, made from the entry types themselves."""

from __future__ import annotations

from typing import Any

import msgspec

from verbose_logging.entries import ENTRY_TYPES, SCHEMA_VERSION

ENTRY_KEYS = ("timestamp", "type", "level", "message")


def log_schema() -> dict[str, Any]:
    """Returns the JSON Schema (draft 2020-12) that each line of a log satisfies.

    An entry of a type we know must satisfy that type; any other type is a user's and needs the four common keys.
    Additional keys are allowed everywhere, so that a log of a later version stays valid.

    Example:
        >>> log_schema()["required"]
        ['timestamp', 'type', 'level', 'message']
    """
    kinds = list(ENTRY_TYPES.values())
    _, definitions = msgspec.json.schema_components(kinds, ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A line of a verbose-logging log",
        "description": f"Version {SCHEMA_VERSION} of the schema; the log's first entry carries the number.",
        "type": "object",
        "required": list(ENTRY_KEYS),
        "properties": {key: {"type": "string"} for key in ENTRY_KEYS},
        "allOf": [_known_type(name, kind.__name__) for name, kind in ENTRY_TYPES.items()],
        "$defs": definitions,
    }


def _known_type(name: str, definition: str) -> dict[str, Any]:
    """Returns the clause by which an entry of that type must satisfy that definition."""
    return {
        "if": {"properties": {"type": {"const": name}}, "required": ["type"]},
        "then": {"$ref": f"#/$defs/{definition}"},
    }
