"""Rules from elsewhere: the classes that `rules=` is given, and those of installed packages.

A package adds one by an entry point of the group `verbose_logging.rules` that names its class.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from importlib import metadata
from typing import Any, TypeAlias, get_args

from verbose_logging.entries import Severity
from verbose_logging.errors import SettingsError
from verbose_logging.protocols import FindingKind, Rule

MakeRule: TypeAlias = Callable[..., Rule]

_GROUP = "verbose_logging.rules"


def further_rules(given: Sequence[MakeRule], *, off: set[str]) -> dict[str, MakeRule]:
    """Returns what makes each further rule, by the rule's name.

    Args:
        given: What `rules=` was given.
        off: Names that are switched off; a package's rule of such a name is not even loaded.

    Raises:
        SettingsError: One is no rule, or a package's cannot be loaded.
    """
    named = {_name_of(make): make for make in given}
    return {name: _loaded(name) for name in installed_rules() if name not in off | named.keys()} | named


def _name_of(make: Any) -> str:
    try:
        rule = make()
    except Exception as error:
        raise SettingsError(f"rules: {make!r} gives no rule when it is called: {error}") from error
    check_rule("rules", rule)
    return str(rule.name)


def check_rule(place: str, rule: Any) -> None:
    """Checks that an object is a rule.

    Raises:
        SettingsError: It lacks something, or its words are not those of the log.
    """
    for name, words in (("kind", get_args(FindingKind)), ("severity", get_args(Severity))):
        if getattr(rule, name, None) not in words:
            given = getattr(rule, name, None)
            raise SettingsError(f"{place}: {type(rule).__name__}.{name} is {given!r}; valid: {', '.join(words)}")
    if not isinstance(getattr(rule, "name", None), str) or not callable(getattr(rule, "judge", None)):
        raise SettingsError(f"{place}: {type(rule).__name__} lacks name or judge of verbose_logging.protocols.Rule")


@cache
def installed_rules() -> dict[str, metadata.EntryPoint]:
    """Returns the rules of installed packages by name, not loaded."""
    return {entry.name: entry for entry in metadata.entry_points(group=_GROUP)}


def _loaded(name: str) -> MakeRule:
    try:
        make: MakeRule = installed_rules()[name].load()
        check_rule(f"the installed rule {name}", make())
    except Exception as error:
        raise SettingsError(
            f"alerts.{name}: the installed rule cannot be used: {error}; alerts={{{name!r}: 'off'}} leaves it out"
        ) from error
    return make
