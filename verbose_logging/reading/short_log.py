"""The short log, flat and without run ids, that stands beside a full one: known by its looks, and summed up alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from verbose_logging.entries import ENTRY_TYPES
from verbose_logging.entries.flat_names import FLAT_NAMES
from verbose_logging.reading.fields import group_at, known, text_at
from verbose_logging.reading.files.schema import ENTRY_KEYS
from verbose_logging.reading.reader import read_entries
from verbose_logging.reading.summary import summarize

_OPENING = ("system_initialization", "training_initialization", "training_start")
_PLACES = {flat: (group, key) for group, names in FLAT_NAMES.items() for key, flat in names.items()}


def is_short_log(path: Path) -> bool:
    """Tells whether a file begins like a short log: an entry of ours, but of no run.

    Raises:
        LogError: The file cannot be opened.
    """
    first = next(read_entries(path), {})
    is_ours = text_at(first, "type") in ENTRY_TYPES and set(ENTRY_KEYS) <= first.keys()
    return is_ours and not {"run_id", "seq"} & first.keys()


def summarize_short_log(entries: Iterable[Mapping[str, Any]], now: datetime | None = None) -> dict[str, Any]:
    """Returns the newest run of a short log in brief, as `summarize` does, with the others in `earlier_runs`.

    Args:
        entries: The entries of the log, in the file's order.
        now: The present moment, with its time zone.
    """
    newest: dict[str, Any] = {}
    earlier: list[dict[str, Any]] = []
    for _, run in groupby(_numbered(entries), key=itemgetter(0)):
        if newest:
            earlier.append({key: newest[key] for key in ("started_at", "verdict") if key in newest})
        newest = summarize((_nested(entry) for _, entry in run), now)
    return newest | ({"earlier_runs": earlier} if earlier else {})


def _numbered(entries: Iterable[Mapping[str, Any]]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Returns each entry with the number of its run: one begins where the entries that open it come again."""
    number, opened = 1, -1
    for entry in entries:
        kind = text_at(entry, "type")
        if kind in _OPENING:
            place = _OPENING.index(kind)
            number += place <= opened
            opened = place
        yield number, entry


def _nested(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the entry with its figures in the groups of a full log.

    Example:
        >>> _nested({"type": "training_step_complete", "loss": 2.5})["metrics"]
        {'loss': 2.5}
    """
    groups = {group: dict(group_at(entry, group)) for group in FLAT_NAMES}
    for name, (group, key) in _PLACES.items():
        groups[group] |= known(**{key: entry.get(name)})
    marks = group_at(entry, "nonfinite")
    nonfinite = {".".join(_PLACES.get(name, (name,))): mark for name, mark in marks.items()}
    return {**entry, **groups, "nonfinite": nonfinite, "names_findings": False}  # their rules stand in the full log
