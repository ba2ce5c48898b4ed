"""Entries as lines, whatever stands in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from verbose_logging.entries import Entry, UserEntry, encode_entry, entry_type
from verbose_logging.plain import plain


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
        return encode_entry(entry) + b"\n"
    except Exception:  # noqa: BLE001 - a foreign value may raise anything
        return fields_line(_fields(entry))


def fields_line(fields: Mapping[str, Any]) -> bytes:
    """Returns fields as a line of strict JSON, cleaned first if they cannot be encoded as they are.

    Raises:
        Exception: Not even what `plain` makes of them can be encoded.
    """
    try:
        return msgspec.json.encode(fields) + b"\n"
    except Exception:  # noqa: BLE001 - a foreign value may raise anything
        return msgspec.json.encode(plain(fields)) + b"\n"


def _fields(entry: Entry) -> dict[str, Any]:
    if isinstance(entry, UserEntry):
        return entry.fields
    names = zip(entry.__struct_encode_fields__, entry.__struct_fields__, strict=True)
    fields = {key: getattr(entry, name) for key, name in names}
    return {"type": entry_type(entry)} | {key: value for key, value in fields.items() if value is not None}
