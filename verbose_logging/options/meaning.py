"""What is meant where YAML or code writes a value of an option in another way."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any


def as_meant(options: Mapping[str, Any]) -> dict[str, Any]:
    """Returns options with the values that are meant: a path as its text, "off" where YAML has read `off` as false.

    Example:
        >>> as_meant({"console": False, "alerts": {"slow_steps": False}, "sinks": None})
        {'console': 'off', 'alerts': {'slow_steps': 'off'}, 'sinks': ()}
    """
    meant = {name: os.fspath(given) if isinstance(given, os.PathLike) else given for name, given in options.items()}
    if isinstance(meant.get("alerts"), Mapping):
        meant["alerts"] = {rule: "off" if given is False else given for rule, given in meant["alerts"].items()}
    if meant.get("console") is False:
        meant["console"] = "off"
    if meant.get("sinks", ()) is None:
        meant["sinks"] = ()
    return meant
