"""The reference parts of the documentation, made from the code: one file per part, listed in `PARTS`.

A page marks where a part stands: `<!-- reference: options -->` before it and `<!-- end of reference -->` behind it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tools.reference.commands import commands
from tools.reference.entry_types import common_keys, entry_types
from tools.reference.explanations import explained_findings, explained_metrics
from tools.reference.levels import levels
from tools.reference.metrics import metrics
from tools.reference.options import options
from tools.reference.recipe import old_names, recipe
from tools.reference.rooms import rooms
from tools.reference.rules import rules

DOCS = Path(__file__).parents[2] / "docs"
PARTS: dict[str, Callable[[], str]] = {
    "commands": commands,
    "common-keys": common_keys,
    "entry-types": entry_types,
    "explained-findings": explained_findings,
    "explained-metrics": explained_metrics,
    "levels": levels,
    "metrics": metrics,
    "old-names": old_names,
    "options": options,
    "recipe": recipe,
    "rooms": rooms,
    "rules": rules,
}
_PART = re.compile(r"(<!-- reference: ([\w-]+) -->\n).*?(<!-- end of reference -->)", re.DOTALL)


def refreshed(page: str) -> str:
    """Returns a page with every part that it marks made anew.

    Raises:
        KeyError: The page marks a part that is not listed.
    """
    return _PART.sub(lambda found: f"{found[1]}\n{PARTS[found[2]]()}\n\n{found[3]}", page)


def parts_in(page: str) -> list[str]:
    """Returns the parts that a page marks."""
    return [found[2] for found in _PART.finditer(page)]


def pages() -> list[Path]:
    """Returns every page of the documentation."""
    return sorted(DOCS.glob("**/*.md"))


read = partial(Path.read_text, encoding="utf-8")
