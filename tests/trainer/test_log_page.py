"""Each key of a real run's log stands on the page about the log."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.trainer

PAGE = (Path(__file__).parents[2] / "docs" / "log.md").read_text(encoding="utf-8")
READINGS, TRENDS = "resource_usage.", "trends."  # their own tables leave these words out


def documented() -> list[str]:
    """Returns the names, some with a `*`, that stand in the first columns of the page's tables."""
    return [
        name for row in re.findall(r"^\| (`[^|]*) \|", PAGE, re.MULTILINE) for name in re.findall(r"`([^`]+)`", row)
    ]


def keys(value: Any, prefix: str = "") -> Iterator[str]:
    """Returns the dotted keys of an object, down to what is no object."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from keys(part, f"{prefix}.{name}".lstrip("."))
    else:
        yield prefix


def test_every_key_is_documented(train: Callable[..., Any]) -> None:
    """A run at ultra with evaluations and checkpoints writes no key that a reader would have to guess."""
    _, entries = train("ultra", eval_strategy="steps", eval_steps=5, save_strategy="steps", save_steps=5)

    used = {key.removeprefix(READINGS).removeprefix(TRENDS) for entry in entries for key in keys(entry)}
    assert [] == sorted(key for key in used if not any(fnmatchcase(key, name) for name in documented()))
