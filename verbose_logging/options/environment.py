"""The options that the environment has a name for: the person at the shell speaks last.

| name | what it says |
|---|---|
| VERBOSE_LOGGING_LEVEL | `verbosity_level` |
| VERBOSE_LOGGING_FILE | `log_file` |
| VERBOSE_LOGGING_NOTIFY | `notify`, addresses apart by blanks or commas |
| VERBOSE_LOGGING_DISABLED | 1 switches everything off |
| FT_E2E_VERBOSE | 1 means `verbosity_level` "ultra", where VERBOSE_LOGGING_LEVEL names none |
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from verbose_logging.errors import SettingsError
from verbose_logging.levels import level_named
from verbose_logging.options.notify_addresses import addresses_in, check_addresses

_TRUE = {"1", "true", "yes", "on"}


def options_of(environ: Mapping[str, str]) -> dict[str, Any]:
    """Returns what the environment says of our options, by their names.

    Raises:
        SettingsError: VERBOSE_LOGGING_LEVEL names no level, or VERBOSE_LOGGING_NOTIFY no address.

    Example:
        >>> options_of({"VERBOSE_LOGGING_FILE": "run.jsonl", "FT_E2E_VERBOSE": "1"})
        {'verbosity_level': 'ultra', 'log_file': 'run.jsonl'}
    """
    options: dict[str, Any] = {}
    if _is_true(environ.get("FT_E2E_VERBOSE")):
        options["verbosity_level"] = "ultra"
    if environ.get("VERBOSE_LOGGING_LEVEL"):
        options["verbosity_level"] = _level(environ["VERBOSE_LOGGING_LEVEL"])
    if environ.get("VERBOSE_LOGGING_FILE"):
        options["log_file"] = environ["VERBOSE_LOGGING_FILE"]
    if environ.get("VERBOSE_LOGGING_NOTIFY"):
        options["notify"] = addresses_in(environ["VERBOSE_LOGGING_NOTIFY"])
        check_addresses(options["notify"])
    if _is_true(environ.get("VERBOSE_LOGGING_DISABLED")):
        options["enabled"] = False
    return options


def _level(name: str) -> str:
    try:
        return level_named(name).name
    except SettingsError as error:
        raise SettingsError(f"VERBOSE_LOGGING_LEVEL (environment): {error}") from None


def _is_true(value: str | None) -> bool:
    """Returns whether a variable says yes."""
    return value is not None and value.strip().lower() in _TRUE
