"""What a type cannot say of an option: checks, each with one clear line for the person who gave the value."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, get_type_hints

import msgspec

from verbose_logging.errors import SettingsError, did_you_mean
from verbose_logging.options.value_checks import misfit


def check_names(given: Iterable[str], known: Iterable[str]) -> None:
    """Checks that options are options.

    Raises:
        SettingsError: One is none; the text names the nearest that is.
    """
    known = tuple(known)
    for name in given:
        if name not in known:
            raise SettingsError(f"no option {name!r}; {did_you_mean(name, known)}")


def check_parts(name: str, given: Any, seam: type, *, or_names: bool = False) -> None:
    """Checks that an option is a list of parts that fit their seam.

    Args:
        name: The option.
        given: Its value; `None` is fine.
        seam: The protocol that each part has to satisfy.
        or_names: Whether a part may be the name of one instead.

    Raises:
        SettingsError: It is no list, or a part lacks a method.
    """
    if given is None:
        return
    check_list(name, given)
    for part in given:
        if not (isinstance(part, seam) or (or_names and isinstance(part, str))):
            raise SettingsError(f"{name}: {part!r} lacks the methods of verbose_logging.protocols.{name[:-1].title()}")


def check_callable(name: str, given: Any) -> None:
    """Checks that an option is a function, or not given.

    Raises:
        SettingsError: It cannot be called.
    """
    if given is not None and not callable(given):
        raise SettingsError(f"{name}: expected a function of the Trainer's state and the model, got {given!r}")


def check_list(name: str, given: Any) -> None:
    """Checks that an option is a list.

    Raises:
        SettingsError: It is something else.
    """
    if not isinstance(given, list | tuple):
        raise SettingsError(f"{name}: expected a list, got {given!r}")


def check_file(name: str, path: str | None) -> None:
    """Checks that a path can be a file's.

    Raises:
        SettingsError: It is empty, a folder, or no file name can hold it.
    """
    check_path(name, path)
    if path is not None and Path(path).expanduser().is_dir():
        raise SettingsError(f"{name}: {path} is a folder, expected a file")


def check_path(name: str, path: str | None) -> None:
    """Checks that a path can be a file's name here.

    Raises:
        SettingsError: It is empty, or no file name can hold it.
    """
    if path == "":
        raise SettingsError(f"{name}: expected a path, got an empty text")
    try:
        unusable = path is not None and b"\0" in os.fsencode(path)
    except UnicodeEncodeError:
        unusable = True
    if unusable:
        raise SettingsError(f"{name}: {path!r} is no path that this system's file names can hold")


def check_count(name: str, given: Any) -> None:
    """Checks that an option is a positive whole number, or `None`.

    Raises:
        SettingsError: It is something else.
    """
    if given is None or (isinstance(given, int) and not isinstance(given, bool) and given > 0):
        return
    raise SettingsError(f"{name}: expected a positive whole number, got {given!r}")


def explain(error: msgspec.ValidationError, options: Mapping[str, Any], struct: type[msgspec.Struct]) -> str:
    """Turns "Expected `float`, got `str` - at `$.progress_percent`" into what was given and what was expected."""
    what, _, place = str(error).partition(" - at ")
    name = re.split(r"[.\[]", place.strip("`").removeprefix("$."), maxsplit=1)[0]
    kind = get_type_hints(struct, include_extras=True).get(name)
    return f"{name}: {misfit(options[name], kind) or what}" if name in options else what
