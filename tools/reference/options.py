"""Every option of a recording, from `Settings`."""

from __future__ import annotations

import msgspec

from tools.reference.documented import arguments_of
from tools.reference.markdown import code, table
from verbose_logging.settings import Settings


def options() -> str:
    """Returns the table of options."""
    told = arguments_of(Settings)
    fields = msgspec.structs.fields(Settings)
    rows = [(f"`{field.name}`", code(_default(field)), told[field.name]) for field in fields]
    return table(("option", "default", "what it does"), rows)


def _default(field: msgspec.structs.FieldInfo) -> object:
    made = field.default_factory
    return made() if made is not msgspec.NODEFAULT else field.default
