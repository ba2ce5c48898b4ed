"""What a finding or a metric means, for people: the text of the documentation, by name."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

from verbose_logging.errors import SettingsError, did_you_mean

_FILES = ("health.md", "metrics.md")
_SECTION = re.compile(r"^## `(\w+)`\n+(.*?)(?=^## |\Z)", re.DOTALL | re.MULTILINE)


def explain(name: str) -> str:
    """Returns what the documentation says under a name.

    Raises:
        SettingsError: It says nothing under that name; the text has the nearest one.
    """
    texts = {name: text for file in _FILES for name, text in sections(file).items()}
    if name not in texts:
        raise SettingsError(f"--explain: nothing is known of {name!r}; {did_you_mean(name, texts)}")
    return f"{name}\n\n{texts[name]}"


@cache
def sections(file: str) -> dict[str, str]:
    """Returns the sections of a file of explanations, by their names in its order.

    Example:
        >>> list(sections("metrics.md"))[0]
        'loss'
    """
    content = resources.files("verbose_logging.data.explanations").joinpath(file).read_text(encoding="utf-8")
    return {found[1]: found[2].strip() for found in _SECTION.finditer(content)}
