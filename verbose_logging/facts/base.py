"""What every fact has, and what the recorder's thread finds out for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import msgspec


class Deferred(NamedTuple):
    """A value that the pipeline's thread computes, because the training thread must not.

    Args:
        compute: Called once, off the training thread; if it raises, the value is absent.
    """

    compute: Callable[[], Any]


class FactBase(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True):
    """The monotonic time of an observation, in seconds."""

    deferred_fields: ClassVar[tuple[str, ...]] = ()

    at: float


class Lineage(msgspec.Struct, frozen=True, array_like=True):
    """The run that a resumed training goes on with, as the log of its earlier sessions has it.

    `session` is the number of the latest one, `num_tokens` the tokens seen at the checkpoint; `None` where the log does
    not say.
    """

    run_id: str
    last_seq: int
    session: int | None
    num_tokens: int | None
