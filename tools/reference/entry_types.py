"""Every entry type with its keys, from the schema."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tools.reference.documented import arguments_of, summary_of
from tools.reference.markdown import table
from verbose_logging.entries import ENTRY_TYPES, EntryBase
from verbose_logging.levels import LEVELS

_COMMON = [field.name for field in msgspec.structs.fields(EntryBase)]


def common_keys() -> str:
    """Returns the table of the keys that stand in every line."""
    return _table(EntryBase, _COMMON, first=[("`type`", "string", "One of the types below.")])


def entry_types() -> str:
    """Returns a section per entry type."""
    return "\n\n".join(_section(name, kind) for name, kind in ENTRY_TYPES.items())


def _section(name: str, kind: type[EntryBase]) -> str:
    own = [field.name for field in msgspec.structs.fields(kind) if field.name not in _COMMON]
    at = [level.name for level in LEVELS.values() if name in level.entry_types]
    where = "every level" if len(at) == len(LEVELS) else f"{at[0]} and above" if len(at) > 1 else at[0]
    parts = [f"### `{name}`", f"{summary_of(kind)} Written at: {where}."]
    return "\n\n".join([*parts, _table(kind, own)] if own else parts)


def _table(kind: type[EntryBase], names: list[str], *, first: Sequence[tuple[str, str, str]] = ()) -> str:
    told = {name: text for base in reversed(kind.__mro__) for name, text in arguments_of(base).items()}
    keys = {field.name: field.encode_name for field in msgspec.structs.fields(kind)}
    properties = _properties(kind)
    rows = [(f"`{keys[name]}`", _type(properties[keys[name]]), told[name]) for name in names]
    return table(("key", "type", "what it is"), [*first, *rows])


def _properties(kind: type[EntryBase]) -> dict[str, dict[str, object]]:
    _, parts = msgspec.json.schema_components([kind])
    return dict(parts[kind.__name__]["properties"])


def _type(schema: dict[str, object]) -> str:
    """Returns the JSON type of a key in words."""
    if "enum" in schema:
        return " or ".join(str(word) for word in schema["enum"])  # type: ignore[attr-defined]
    if "anyOf" in schema:
        kinds = [_type(one) for one in schema["anyOf"]]  # type: ignore[attr-defined]
        return " or ".join(one for one in kinds if one != "null")
    return str(schema.get("type", "any"))
