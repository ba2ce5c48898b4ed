"""Whether one line of a log is a good entry: strict JSON that satisfies the schema."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import msgspec

from verbose_logging.entries import ENTRY_TYPES, decode_entry
from verbose_logging.reading.fields import text_at
from verbose_logging.reading.files.lines import BrokenLineError, Line, parse_object
from verbose_logging.reading.files.schema import ENTRY_KEYS

_AT_KEY = re.compile(r"(.*) - at `(?:key in )?\$\.?(.*)`")
_MISSING_KEY = re.compile(r"Object missing required field `(.*)`")
_NOT_JSON_TOKEN = re.compile(rb'(?<!["\w])(NaN|-?Infinity)(?!["\w])')


class BadEntryError(Exception):
    """A line that is no good entry.

    Args:
        what: The fault, for people.
        key: Dotted path of the value at fault, where it is one value's.
    """

    def __init__(self, what: str, key: str | None = None) -> None:
        super().__init__(what)
        self.key = key


def entry_on(line: Line) -> dict[str, Any]:
    """Returns the entry of a line, good or bad.

    Raises:
        BadEntryError: The line holds no JSON object.
    """
    if line.is_blank:
        raise BadEntryError("an empty line")
    try:
        return parse_object(line)
    except BrokenLineError as error:
        raise BadEntryError(str(error)) from error


def check_entry(entry: dict[str, Any], content: bytes) -> None:
    """Checks that an entry stands in strict JSON and satisfies the schema.

    Args:
        entry: What `entry_on` returned.
        content: The bytes of its line.

    Raises:
        BadEntryError: It does not.
    """
    _check_strict(content)
    _check_schema(entry, content)


def _check_strict(content: bytes) -> None:
    try:
        msgspec.json.decode(content)
    except msgspec.DecodeError as error:
        token = _NOT_JSON_TOKEN.search(content)
        what = f"the token {token.group().decode()} is not JSON" if token else f"not strict JSON: {error}"
        raise BadEntryError(what) from error


def _check_schema(entry: dict[str, Any], content: bytes) -> None:
    for key in ENTRY_KEYS:
        if text_at(entry, key) is None:
            raise BadEntryError("missing" if key not in entry else "not a text", key)
    if entry["type"] not in ENTRY_TYPES:
        return
    try:
        decode_entry(content)
    except msgspec.ValidationError as error:
        raise _refusal(str(error)) from error
    _check_timestamp(entry["timestamp"])


def _refusal(text: str) -> BadEntryError:
    """Returns the decoder's refusal with the key apart from the reason.

    Example:
        >>> _refusal("Expected `int`, got `str` - at `$.seq`").key
        'seq'
    """
    what, key = text, ""
    if at_key := _AT_KEY.fullmatch(text):
        what, key = at_key.groups()
    if missing := _MISSING_KEY.fullmatch(what):
        what, key = "missing", ".".join(part for part in (key, missing.group(1)) if part)
    return BadEntryError(what.replace("`", ""), key or None)


def _check_timestamp(text: str) -> None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadEntryError("not an ISO 8601 time", "timestamp") from error
    if moment.tzinfo is None:
        raise BadEntryError("no UTC offset", "timestamp")
