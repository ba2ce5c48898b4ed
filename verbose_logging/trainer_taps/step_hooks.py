"""The hooks that run at every step: a clock read and an append, with all that they need bound beforehand.

They are closures, not methods, because each attribute that a method looks up is paid for by the training thread: as
methods the same four hooks cost half as much again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any, NamedTuple, TypeAlias

from verbose_logging.capture.device_scalars import copied
from verbose_logging.facts import Deferred, Logged, PreOptimizerStep, StepBegin, StepEnd
from verbose_logging.pipeline import Entrance

Hook: TypeAlias = Callable[..., None]


class StepHooks(NamedTuple):
    """Hooks with the names and signatures of a `TrainerCallback`'s."""

    on_step_begin: Hook
    on_pre_optimizer_step: Hook
    on_step_end: Hook
    on_log: Hook


def _nothing(*_: Any, **__: Any) -> None:
    """Does nothing, while nothing is recorded."""


IDLE = StepHooks(_nothing, _nothing, _nothing, _nothing)


def step_hooks(
    entrance: Entrance,
    *,
    gradient_norms: Callable[[Any, int], tuple[Any, Any]] | None,
    ask_model: Callable[[Any, Any], None] | None,
    tell: Callable[[str, Exception], None],
) -> StepHooks:
    """Returns the hooks of one training.

    Args:
        entrance: Where a step's facts go in, those of the taps too.
        gradient_norms: Returns the norm of a model's gradients and that of each module at a step, where they are had.
        ask_model: Asks a model for its state after a step, where that is wanted.
        tell: Told of a hook that failed; an observer never stops the observed.
    """
    waiting, room, keep, refuse = entrance.waiting, entrance.room, entrance.keep, entrance.refuse
    take = keep

    def on_step_begin(args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        nonlocal take
        entrance.take = take = keep if len(waiting) < room else refuse  # `begin_step`, without a call
        take(StepBegin(monotonic()))

    def on_pre_optimizer_step(
        args: Any, state: Any, control: Any, model: Any = None, optimizer: Any = None, **kwargs: Any
    ) -> None:
        try:
            at = monotonic()
            groups = optimizer.param_groups
            rate = groups[0]["lr"]
            if type(rate) is not float or len(groups) > 1:
                rate = _rates_of(groups)
            if gradient_norms is None:
                take(PreOptimizerStep(at, rate, args.max_grad_norm))
            else:
                take(PreOptimizerStep(at, rate, args.max_grad_norm, *gradient_norms(model, state.global_step)))
        except Exception as error:  # noqa: BLE001 - told, and kept from the training
            tell("on_pre_optimizer_step", error)

    def on_step_end(args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any) -> None:
        if ask_model is not None:
            ask_model(state, model)
        take(StepEnd(monotonic(), state.global_step, control.should_log))

    def on_log(args: Any, state: Any, control: Any, logs: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        try:
            take(Logged(monotonic(), dict(logs or {})))  # a copy: every callback is given this very dictionary
        except Exception as error:  # noqa: BLE001 - told, and kept from the training
            tell("on_log", error)

    return StepHooks(on_step_begin, on_pre_optimizer_step, on_step_end, on_log)


def _rates_of(groups: Any) -> Any:
    """Returns the rate of each parameter group; those that are tensors are read later, by the pipeline's thread."""
    rates = [copied(group["lr"]) for group in groups]
    if all(isinstance(rate, float | int) for rate in rates):
        return tuple(rates)
    return Deferred(lambda: tuple(float(rate) for rate in rates))
