"""An entry's place in its run: the run, the rank that wrote it, and its number there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

from verbose_logging.reading.fields import count_at, text_at

RunRank: TypeAlias = tuple[str, int]


class Place(NamedTuple):
    """Where an entry stands.

    Args:
        run: The run's id and the rank.
        seq: The entry's number, from 1.
    """

    run: RunRank
    seq: int


def place_of(entry: Mapping[str, Any]) -> Place | None:
    """Returns an entry's place in its run, `None` for one that has none: a user's own, or one of a short log.

    Example:
        >>> place_of({"run_id": "r", "rank": 0, "seq": 7})
        Place(run=('r', 0), seq=7)
    """
    run_id, rank, seq = text_at(entry, "run_id"), count_at(entry, "rank"), count_at(entry, "seq")
    return None if run_id is None or rank is None or not seq else Place((run_id, rank), seq)
