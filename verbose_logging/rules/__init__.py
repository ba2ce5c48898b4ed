"""The rules: each judges entries and finds one kind of trouble.

To add one: a class in this folder with declared, defaulted parameters, and a line in `RULES`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Literal

from verbose_logging.errors import SettingsError, did_you_mean
from verbose_logging.protocols import Rule
from verbose_logging.rules.anomaly import SlowSteps
from verbose_logging.rules.stalled import Stalled
from verbose_logging.rules.threshold import HighGpuMemory, HighMemory

RULES: dict[str, Callable[..., Rule]] = {
    "high_memory": HighMemory,
    "high_gpu_memory": HighGpuMemory,
    "slow_steps": SlowSteps,
    "stalled": Stalled,
}


def build_rules(alerts: Mapping[str, Mapping[str, Any] | Literal["off"]]) -> list[Rule]:
    """Returns fresh rules for one run.

    Args:
        alerts: Parameters by rule name, or "off"; a rule that is not named has its defaults.

    Raises:
        SettingsError: A rule or a parameter is unknown.

    Example:
        >>> [rule.name for rule in build_rules({"high_memory": {"above": 80}, "slow_steps": "off"})]
        ['high_memory', 'high_gpu_memory', 'stalled']
    """
    for name in alerts:
        if name not in RULES:
            raise SettingsError(f"alerts: no rule {name!r}; {did_you_mean(str(name), RULES)}")
    return [_build(name, alerts.get(name, {})) for name in RULES if alerts.get(name) != "off"]


def _build(name: str, parameters: Mapping[str, Any] | str) -> Rule:
    if not isinstance(parameters, Mapping):
        raise SettingsError(f'alerts.{name}: {parameters!r} is neither "off" nor a mapping of parameters')
    known = inspect.signature(RULES[name]).parameters
    for parameter, value in parameters.items():
        if parameter not in known:
            raise SettingsError(f"alerts.{name}: no parameter {parameter!r}; {did_you_mean(str(parameter), known)}")
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise SettingsError(f"alerts.{name}.{parameter}: expected a number, got {value!r}")
    return RULES[name](**parameters)
