"""What is to happen when a rule fires, as the options say it: the words, their check, and who asked for what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from verbose_logging.errors import SettingsError, did_you_mean

ACTION = "action"
WORDS = ("log", "console", "notify", "stop")

Action: TypeAlias = "str | Callable[..., Any]"


def actions_of(options: Mapping[str, Any] | str | None) -> tuple[Action, ...]:
    """Returns the actions that a rule's options ask for.

    Example:
        >>> actions_of({"above": 5, "action": "stop"}), actions_of({"action": ["stop", "notify"]}), actions_of("off")
        (('stop',), ('stop', 'notify'), ())
    """
    given = options.get(ACTION) if isinstance(options, Mapping) else None
    if given is None:
        return ()
    return tuple(given) if isinstance(given, list | tuple) else (given,)


def rules_that(action: str, alerts: Mapping[str, Mapping[str, Any] | str]) -> frozenset[str]:
    """Returns the rules whose options ask for an action.

    Example:
        >>> rules_that("stop", {"divergence": {"action": "stop"}, "loss_spike": "off"})
        frozenset({'divergence'})
    """
    return frozenset(rule for rule, options in alerts.items() if action in actions_of(options))


def check_actions(rule: str, options: Mapping[str, Any]) -> None:
    """Checks the actions of one rule.

    Raises:
        SettingsError: One is neither a known word nor callable.
    """
    for action in actions_of(options):
        if isinstance(action, str) and action not in WORDS:
            near = did_you_mean(action, WORDS)
            raise SettingsError(f"alerts.{rule}.{ACTION}: no action {action!r}; {near}, or a callable")
        if not isinstance(action, str) and not callable(action):
            raise SettingsError(
                f"alerts.{rule}.{ACTION}: expected one of {', '.join(WORDS)}, or a callable; got {action!r}"
            )
