"""Ends a training that a finding wants ended: at the Trainer's next step, in its own good order."""

from __future__ import annotations

from typing import Any, Protocol

from verbose_logging.trainer_taps.step_hooks import StepHooks


class Stop(Protocol):
    """A request to end training, which findings may make."""

    asked: bool

    def wake(self) -> None:
        """Has what was observed looked at, without a wait."""


def obeying(hooks: StepHooks, stop: Stop | None) -> StepHooks:
    """Returns hooks that also end training when that is asked for; the same ones where nothing may ask.

    The recorder is woken at each step, since half a second can be many steps.
    """
    if stop is None:
        return hooks

    def on_step_end(args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        hooks.on_step_end(args, state, control, **kwargs)
        stop.wake()
        if stop.asked:
            control.should_training_stop = True

    def on_log(args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        hooks.on_log(args, state, control, **kwargs)
        stop.wake()

    return hooks._replace(on_step_end=on_step_end, on_log=on_log)
