"""The rules: each judges entries and finds one kind of trouble.

To add one: a class in this folder with declared, defaulted parameters, and a line in `RULES`. Causes stand before
their symptoms, because the first to fire is told and names what it explains.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias

from verbose_logging.errors import SettingsError, did_you_mean
from verbose_logging.protocols import Rule
from verbose_logging.rules.actions import ACTION, check_actions
from verbose_logging.rules.anomaly import SlowSteps
from verbose_logging.rules.efficiency import DataStarvation, EvaluationDominates, PaddingWaste
from verbose_logging.rules.gpu import GpuLost, GpuThrottled
from verbose_logging.rules.gradients import ExplodingGradients, VanishingGradients, ZeroGradient
from verbose_logging.rules.leak import MemoryLeak
from verbose_logging.rules.learning import NotLearning, TargetLossReached
from verbose_logging.rules.loss_jumps import BouncingLoss, Divergence, LossSpike
from verbose_logging.rules.nonfinite import NonfiniteGradient, NonfiniteLoss
from verbose_logging.rules.overfitting import Memorising, Overfitting
from verbose_logging.rules.schedule import StuckLearningRate, ZeroLearningRate
from verbose_logging.rules.silent_failure import LabelsMasked, NothingTrainable, ZeroLoss
from verbose_logging.rules.stalled import Stalled
from verbose_logging.rules.threshold import DiskFilling, HighGpuMemory, HighMemory

AlertOptions: TypeAlias = Mapping[str, Mapping[str, Any] | Literal["off"]]

RULES: dict[str, Callable[..., Rule]] = {
    "nothing_trainable": NothingTrainable,
    "labels_masked": LabelsMasked,
    "nonfinite_loss": NonfiniteLoss,
    "nonfinite_gradient": NonfiniteGradient,
    "zero_loss": ZeroLoss,
    "zero_gradient": ZeroGradient,
    "zero_learning_rate": ZeroLearningRate,
    "divergence": Divergence,
    "exploding_gradients": ExplodingGradients,
    "vanishing_gradients": VanishingGradients,
    "loss_spike": LossSpike,
    "not_learning": NotLearning,
    "bouncing_loss": BouncingLoss,
    "stuck_learning_rate": StuckLearningRate,
    "overfitting": Overfitting,
    "memorising": Memorising,
    "target_loss_reached": TargetLossReached,
    "gpu_lost": GpuLost,
    "gpu_throttled": GpuThrottled,
    "data_starvation": DataStarvation,
    "evaluation_dominates": EvaluationDominates,
    "padding_waste": PaddingWaste,
    "slow_steps": SlowSteps,
    "high_memory": HighMemory,
    "high_gpu_memory": HighGpuMemory,
    "memory_leak": MemoryLeak,
    "disk_filling": DiskFilling,
    "stalled": Stalled,
}


def build_rules(alerts: AlertOptions) -> list[Rule]:
    """Returns fresh rules for one run.

    Args:
        alerts: Parameters by rule name, or "off"; a rule that is not named has its defaults. "action" is no parameter
            of the rule and may stand beside them.

    Raises:
        SettingsError: A rule, a parameter or an action is unknown.

    Example:
        >>> rules = build_rules({"high_memory": {"above": 80}, "slow_steps": "off"})
        >>> "high_memory" in [rule.name for rule in rules], "slow_steps" in [rule.name for rule in rules]
        (True, False)
    """
    for name in alerts:
        if name not in RULES:
            raise SettingsError(f"alerts: no rule {name!r}; {did_you_mean(str(name), RULES)}")
    return [_build(name, alerts.get(name, {})) for name in RULES if alerts.get(name) != "off"]


def _build(name: str, options: Mapping[str, Any] | str) -> Rule:
    if not isinstance(options, Mapping):
        raise SettingsError(f'alerts.{name}: {options!r} is neither "off" nor a mapping of parameters')
    check_actions(name, options)
    parameters = {parameter: value for parameter, value in options.items() if parameter != ACTION}
    known = inspect.signature(RULES[name]).parameters
    for parameter, value in parameters.items():
        if parameter not in known:
            valid = [*known, ACTION]
            raise SettingsError(f"alerts.{name}: no parameter {parameter!r}; {did_you_mean(str(parameter), valid)}")
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise SettingsError(f"alerts.{name}.{parameter}: expected a number, got {value!r}")
    return RULES[name](**parameters)
