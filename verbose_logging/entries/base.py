"""The keys of every line, and the words for what stands in the others."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias, Union

import msgspec

SCHEMA_VERSION = 1
Severity: TypeAlias = Literal["INFO", "WARNING", "ERROR", "CRITICAL"]
State: TypeAlias = Literal["firing", "resolved"]
Number: TypeAlias = Union[float, int, None]  # noqa: UP007 - None stands for a number named in `nonfinite`
Value: TypeAlias = Union[float, int, str, None]  # noqa: UP007
Group: TypeAlias = dict[str, Value]
Tree: TypeAlias = dict[str, Any]


class EntryBase(msgspec.Struct, kw_only=True, omit_defaults=True, frozen=True, tag_field="type"):
    """The keys of every line.

    Args:
        timestamp: ISO 8601 with microseconds and UTC offset.
        level: Severity, in the words of the standard library's logging.
        message: One line for people.
        run_id: Names the run.
        seq: Goes up by one; a gap means dropped entries.
        rank: The process that wrote the line.
        step: Optimizer steps finished, 0 before training.
        epoch: The epoch under way, 1-based.
        nonfinite: Dotted key of each number that is not finite, with "NaN", "Infinity" or "-Infinity".
    """

    timestamp: str
    level: Severity
    message: str
    run_id: str
    seq: Annotated[int, msgspec.Meta(ge=1)]
    rank: Annotated[int, msgspec.Meta(ge=0)]
    step: Annotated[int, msgspec.Meta(ge=0)]
    epoch: Annotated[int, msgspec.Meta(ge=1)]
    nonfinite: dict[str, str] | None = None
