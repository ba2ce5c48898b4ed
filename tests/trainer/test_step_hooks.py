"""The hooks of every step: what they append, and what becomes of a step that finds no room."""

from __future__ import annotations

from collections import deque
from typing import Any

import pytest
import torch
from transformers import TrainerControl, TrainerState, TrainingArguments
from transformers.trainer_callback import CallbackHandler

from verbose_logging import VerboseLoggingCallback
from verbose_logging.facts import Fact, Logged, PreOptimizerStep, StepBegin, StepEnd
from verbose_logging.pipeline import Entrance
from verbose_logging.testing import MemorySink
from verbose_logging.trainer_taps.step_hooks import StepHooks, step_hooks

LOGS = {"loss": 2.0}


class Desk:
    """An inbox with a little room, and what was refused and told."""

    def __init__(self, room: int = 100) -> None:
        """Opens with nothing in it."""
        self.waiting: deque[Fact] = deque()
        self.refused: list[Fact] = []
        self.told: list[str] = []
        self.entrance = Entrance(self.waiting, room, self.refused.append)

    def hooks(self, **options: Any) -> StepHooks:
        """Returns hooks that append to the inbox."""
        tell = lambda part, _error: self.told.append(part)  # noqa: E731 - one use
        return step_hooks(self.entrance, **{"gradient_norms": None, "ask_model": None, "tell": tell, **options})


def optimizer(*rates: float) -> torch.optim.Optimizer:
    """Returns an optimizer with a parameter group for each rate."""
    groups = [{"params": [torch.zeros(1, requires_grad=True)], "lr": rate} for rate in rates]
    return torch.optim.SGD(groups, lr=1.0)


def run_step(hooks: StepHooks, step: int = 1, rates: tuple[float, ...] = (0.5,)) -> None:
    """Calls the hooks of a step as the Trainer does."""
    passed = (TrainingArguments(max_grad_norm=2.0, use_cpu=True), TrainerState(global_step=step), TrainerControl())
    hooks.on_step_begin(*passed)
    hooks.on_pre_optimizer_step(*passed, model=None, optimizer=optimizer(*rates))
    hooks.on_step_end(*passed)
    hooks.on_log(*passed, logs=LOGS)


def test_a_step_is_four_facts() -> None:
    """Its beginning, the optimizer, its end, and a copy of what was logged."""
    desk = Desk()
    run_step(desk.hooks(), step=7)
    begin, before, end, logged = desk.waiting

    assert isinstance(begin, StepBegin)
    assert isinstance(before, PreOptimizerStep)
    assert (0.5, 2.0) == (before.learning_rates, before.gradient_norm_limit)
    assert isinstance(end, StepEnd)
    assert (7, False) == (end.step, end.log_follows)
    assert isinstance(logged, Logged)
    assert LOGS == logged.logs
    assert logged.logs is not LOGS


def test_each_parameter_group_has_its_rate() -> None:
    """Two groups, two rates."""
    desk = Desk()
    run_step(desk.hooks(), rates=(0.5, 0.25))

    assert [(0.5, 0.25)] == [fact.learning_rates for fact in desk.waiting if isinstance(fact, PreOptimizerStep)]


def test_norms_stand_beside_the_rate() -> None:
    """The total and the modules', where somebody reads them."""
    desk = Desk()
    run_step(desk.hooks(gradient_norms=lambda _model, step: (1.5, {"layer": step})), step=3)
    before = next(fact for fact in desk.waiting if isinstance(fact, PreOptimizerStep))

    assert (1.5, {"layer": 3}) == (before.gradient_norm, before.module_norms)


def test_a_step_is_kept_whole_or_not_at_all() -> None:
    """Room is looked for when a step begins: the first finds some, the second none."""
    desk = Desk(room=2)
    hooks = desk.hooks()
    run_step(hooks)
    run_step(hooks)

    assert (4, 4) == (len(desk.waiting), len(desk.refused))


def test_a_hook_that_fails_is_told_and_not_raised() -> None:
    """An optimizer without groups harms nobody."""
    desk = Desk()
    desk.hooks().on_pre_optimizer_step(None, None, None, optimizer=None)

    assert ["on_pre_optimizer_step"] == desk.told


def test_a_subclass_keeps_its_own_hook(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a user overrides is called, and what it passes on is recorded."""
    monkeypatch.chdir(tmp_path)
    seen = []

    class Own(VerboseLoggingCallback):
        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            seen.append(state.global_step)
            super().on_step_end(args, state, control, **kwargs)

    sink = MemorySink()
    callback = Own(console="off", sinks=[sink])
    handler = CallbackHandler([callback], torch.nn.Linear(1, 1), None, optimizer(0.5), None)
    passed = (TrainingArguments(output_dir=str(tmp_path), use_cpu=True), TrainerState(global_step=1), TrainerControl())
    for event in ("on_train_begin", "on_step_begin", "on_pre_optimizer_step", "on_step_end", "on_train_end"):
        getattr(handler, event)(*passed)
    callback.close()

    assert [1] == seen
    assert 1 == len(sink.of_type("training_step_complete"))
