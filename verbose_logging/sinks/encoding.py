"""Entries as lines, whatever stands in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from verbose_logging.entries import Entry, TrainingStepComplete, Tree, UserEntry, encode_entry, entry_type
from verbose_logging.plain import plain

_encode = msgspec.json.Encoder().encode

# DEL, the C1 controls, the line separators and all that Unicode has to steer the direction of writing: JSON lets them
# stand as they are, but a terminal obeys some of them, and `str.splitlines` breaks at others.
_TREACHEROUS = re.compile(rb"\x7f|\xc2[\x80-\x9f]|\xd8\x9c|\xe2\x80[\x8e\x8f\xa8-\xae]|\xe2\x81[\xa6-\xaf]")
# Each has one of these; to look for two bytes at once takes thirty times as long.
_GIVE_THEM_AWAY = (b"\x7f", b"\xc2", b"\xd8", b"\x80", b"\x81")


class EntryEncoder:
    r"""Makes lines of entries. What one step after the other holds as the same object is encoded once.

    That is the machine's readings and their trends: they are made anew once a second and changed by nobody, stand in
    every step, and are half of it with one GPU, most of it with eight.

    Example:
        >>> from pathlib import PurePosixPath
        >>> EntryEncoder().lines([UserEntry({"type": "note", "seq": 1, "path": PurePosixPath("runs")})])
        [b'{"type":"note","seq":1,"path":"runs"}\n']
    """

    def __init__(self) -> None:
        self._usage, self._trends = _LastText(), _LastText()

    def lines(self, entries: Iterable[Entry]) -> list[bytes]:
        """Returns each entry as a line of strict JSON, cleaned first where it cannot be encoded as it is.

        Raises:
            Exception: Not even what `plain` makes of one of them can be encoded.
        """
        return _lines(map(self._text, entries))

    def _text(self, entry: Entry) -> bytes:
        try:
            return encode_entry(self._half_encoded(entry) if type(entry) is TrainingStepComplete else entry)
        except Exception:  # noqa: BLE001 - a foreign value may raise anything
            return _fields_text(_fields(entry))

    def _half_encoded(self, step: TrainingStepComplete) -> TrainingStepComplete:
        usage, trends = self._usage.of(step.resource_usage), self._trends.of(step.trends)
        return msgspec.structs.replace(step, resource_usage=usage, trends=trends)


class _LastText:
    """Knows the JSON of the tree that was asked for last."""

    def __init__(self) -> None:
        self._last: tuple[Tree | None, msgspec.Raw | None] = (None, None)

    def of(self, tree: Tree | None) -> msgspec.Raw | None:
        """Returns the tree's JSON."""
        known, text = self._last  # as one, because another thread may ask at the end
        if tree is not known:
            text = None if tree is None else msgspec.Raw(_encode(tree))
            self._last = (tree, text)
        return text


def fields_lines(rows: Iterable[Mapping[str, Any]]) -> list[bytes]:
    """Returns fields as lines of strict JSON, cleaned first where they cannot be encoded as they are.

    Raises:
        Exception: Not even what `plain` makes of some can be encoded.
    """
    return _lines(map(_fields_text, rows))


def _fields_text(fields: Mapping[str, Any]) -> bytes:
    try:
        return _encode(fields)
    except Exception:  # noqa: BLE001 - a foreign value may raise anything
        return _encode(plain(fields))


def _lines(texts: Iterable[bytes]) -> list[bytes]:
    """Returns JSON as lines that a terminal can be shown: what could trick it is escaped."""
    lines = [text + b"\n" for text in texts]
    if any(map(b"".join(lines).__contains__, _GIVE_THEM_AWAY)):  # one look at all is cheaper than one at each
        return [_TREACHEROUS.sub(_escaped, line) for line in lines]
    return lines


def _escaped(found: re.Match[bytes]) -> bytes:
    return b"\\u%04x" % ord(found.group().decode())


def _fields(entry: Entry) -> dict[str, Any]:
    if isinstance(entry, UserEntry):
        return entry.fields
    names = zip(entry.__struct_encode_fields__, entry.__struct_fields__, strict=True)
    fields = {key: getattr(entry, name) for key, name in names}
    return {"type": entry_type(entry)} | {key: value for key, value in fields.items() if value is not None}
