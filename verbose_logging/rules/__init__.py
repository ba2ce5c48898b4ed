"""The rules: each judges entries and finds one kind of trouble.

To add one: a class in this folder with declared, defaulted parameters, and a line in `RULES`. Causes stand before
their symptoms, because the first to fire is told and names what it explains.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

from verbose_logging.errors import SettingsError, did_you_mean
from verbose_logging.protocols import Rule
from verbose_logging.rules.actions import ACTION, check_actions
from verbose_logging.rules.anomaly import SlowSteps
from verbose_logging.rules.efficiency import DataStarvation, EvaluationDominates, PaddingWaste
from verbose_logging.rules.further import MakeRule, further_rules, installed_rules
from verbose_logging.rules.gpu import GpuLost, GpuThrottled
from verbose_logging.rules.gradients import ExplodingGradients, VanishingGradients, ZeroGradient
from verbose_logging.rules.leak import MemoryLeak
from verbose_logging.rules.learning import NotLearning, TargetLossReached
from verbose_logging.rules.loss_jumps import BouncingLoss, Divergence, LossSpike
from verbose_logging.rules.nonfinite import NonfiniteGradient, NonfiniteLoss
from verbose_logging.rules.overfitting import Memorising, Overfitting
from verbose_logging.rules.parameters import checked_number, ranges_of
from verbose_logging.rules.schedule import StuckLearningRate, ZeroLearningRate
from verbose_logging.rules.silent_failure import LabelsMasked, NothingTrainable, ZeroLoss
from verbose_logging.rules.stalled import Stalled
from verbose_logging.rules.threshold import DiskFilling, HighGpuMemory, HighMemory

AlertOptions: TypeAlias = Mapping[str, Mapping[str, Any] | Literal["off"]]

RULES: dict[str, MakeRule] = {
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


def build_rules(alerts: AlertOptions, further: Sequence[MakeRule] = ()) -> list[Rule]:
    """Returns fresh rules for one run.

    Args:
        alerts: Parameters by rule name, or "off"; a rule that is not named has its defaults. "action" is no parameter
            of the rule and may stand beside them.
        further: What makes rules of the user's own; those of installed packages come by themselves.

    Raises:
        SettingsError: A rule, a parameter or an action is unknown, or a further rule is none.

    Example:
        >>> rules = build_rules({"high_memory": {"above": 80}, "slow_steps": "off"})
        >>> "high_memory" in [rule.name for rule in rules], "slow_steps" in [rule.name for rule in rules]
        (True, False)
    """
    off = {name for name, options in alerts.items() if options == "off"}
    known = further_rules(further, off=off) | RULES
    valid = [*known, *installed_rules()]
    for name in alerts:
        if name not in valid:
            raise SettingsError(f"alerts: no rule {name!r}; {did_you_mean(str(name), valid)}")
    return [_build(name, make, alerts.get(name, {})) for name, make in known.items() if name not in off]


def _build(name: str, make: MakeRule, options: Mapping[str, Any] | str) -> Rule:
    if not isinstance(options, Mapping):
        raise SettingsError(f'alerts.{name}: {options!r} is neither "off" nor a mapping of parameters')
    check_actions(name, options)
    known, ranges = inspect.signature(make).parameters, ranges_of(make)
    given = [parameter for parameter in options if parameter != ACTION]
    for parameter in given:
        if parameter not in known:
            valid = [*known, ACTION]
            raise SettingsError(f"alerts.{name}: no parameter {parameter!r}; {did_you_mean(str(parameter), valid)}")
    return make(
        **{
            parameter: checked_number(
                f"alerts.{name}.{parameter}",
                options[parameter],
                like=known[parameter].default,
                within=ranges.get(parameter),
            )
            for parameter in given
        }
    )
