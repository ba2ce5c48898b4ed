"""Entries as lines, whatever stands in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from verbose_logging.entries import Entry, UserEntry, encode_entry, entry_type
from verbose_logging.plain import plain

# DEL, the C1 controls, the line separators and all that Unicode has to steer the direction of writing: JSON lets them
# stand as they are, but a terminal obeys some of them, and `str.splitlines` breaks at others.
_TREACHEROUS = re.compile(rb"\x7f|\xc2[\x80-\x9f]|\xd8\x9c|\xe2\x80[\x8e\x8f\xa8-\xae]|\xe2\x81[\xa6-\xaf]")
# Each has one of these; to look for two bytes at once takes thirty times as long.
_GIVE_THEM_AWAY = (b"\x7f", b"\xc2", b"\xd8", b"\x80", b"\x81")


def entry_line(entry: Entry) -> bytes:
    r"""Returns the entry as a line of strict JSON, cleaned first if it cannot be encoded as it is.

    Raises:
        Exception: Not even what `plain` makes of it can be encoded.

    Example:
        >>> from pathlib import PurePosixPath
        >>> entry_line(UserEntry({"type": "note", "seq": 1, "path": PurePosixPath("runs")}))
        b'{"type":"note","seq":1,"path":"runs"}\n'
    """
    try:
        return _line(encode_entry(entry))
    except Exception:  # noqa: BLE001 - a foreign value may raise anything
        return fields_line(_fields(entry))


def fields_line(fields: Mapping[str, Any]) -> bytes:
    """Returns fields as a line of strict JSON, cleaned first if they cannot be encoded as they are.

    Raises:
        Exception: Not even what `plain` makes of them can be encoded.
    """
    try:
        return _line(msgspec.json.encode(fields))
    except Exception:  # noqa: BLE001 - a foreign value may raise anything
        return _line(msgspec.json.encode(plain(fields)))


def _line(text: bytes) -> bytes:
    """Returns JSON as a line that a terminal can be shown: what could trick it is escaped."""
    if any(map(text.__contains__, _GIVE_THEM_AWAY)):
        text = _TREACHEROUS.sub(_escaped, text)
    return text + b"\n"


def _escaped(found: re.Match[bytes]) -> bytes:
    return b"\\u%04x" % ord(found.group().decode())


def _fields(entry: Entry) -> dict[str, Any]:
    if isinstance(entry, UserEntry):
        return entry.fields
    names = zip(entry.__struct_encode_fields__, entry.__struct_fields__, strict=True)
    fields = {key: getattr(entry, name) for key, name in names}
    return {"type": entry_type(entry)} | {key: value for key, value in fields.items() if value is not None}
