"""Every key of a training config that is neither TRL's nor an option of the recording, from `Recipe`."""

from __future__ import annotations

import msgspec

from tools.reference.documented import arguments_of
from tools.reference.markdown import code, table
from verbose_logging.training.config import Recipe
from verbose_logging.training.config_names import GONE, RENAMED


def recipe() -> str:
    """Returns the table of a recipe's keys."""
    told = arguments_of(Recipe)
    rows = [(f"`{field.name}`", _default(field), told[field.name]) for field in msgspec.structs.fields(Recipe)]
    return table(("key", "default", "what it says"), rows)


def old_names() -> str:
    """Returns the table of names that were given up."""
    renamed = [(f"`{old}`", f"`{new}`") for old, new in RENAMED.items()]
    return table(("old name", "what becomes of it"), [*renamed, *((f"`{old}`", why) for old, why in GONE.items())])


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "needed"
    return code(field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory())
