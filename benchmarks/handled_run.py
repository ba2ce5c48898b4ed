"""A run without a Trainer: its real `CallbackHandler` fires a step's five events, with torch work between them."""

from __future__ import annotations

import time
from pathlib import Path

import torch
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.trainer_callback import CallbackHandler
from transformers.utils import logging


class HandledRun:
    """One callback in a handler of its own.

    Args:
        callback: The callback.
        folder: The Trainer's `output_dir`.
        steps: How many steps the run is said to have.
        work_size: Edge of the matrices that are multiplied between two events; 0 for no work.

    Attributes:
        step_seconds: What the callback took of each step, in its five events together.
    """

    def __init__(self, callback: TrainerCallback, folder: Path, *, steps: int, work_size: int) -> None:
        torch.set_num_threads(1)  # more would wait for work by spinning, and that would be counted
        logging.set_verbosity_error()  # a handler without its usual callbacks is warned of
        model = torch.nn.Linear(2, 2)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        self._handler = CallbackHandler([callback], model, None, optimizer, None)
        self._args = TrainingArguments(output_dir=str(folder), use_cpu=True, report_to="none")
        self._state = TrainerState(max_steps=steps, num_train_epochs=1, epoch=0.0)
        self._control = TrainerControl()
        self._steps = steps
        self._work = torch.rand(work_size, work_size) if work_size else None
        self.step_seconds: list[float] = []

    def begin(self) -> float:
        """Begins the training; returns the seconds it took."""
        began = time.perf_counter()
        self._handler.on_train_begin(self._args, self._state, self._control)
        return time.perf_counter() - began

    def step(self) -> None:
        """Runs one step, logged as with `logging_steps=1`."""
        handler, args, state, control = self._handler, self._args, self._state, self._control
        spent = 0.0
        for event in (handler.on_step_begin, handler.on_pre_optimizer_step, handler.on_optimizer_step):
            self._compute()
            began = time.perf_counter()
            event(args, state, control)
            spent += time.perf_counter() - began
        self._compute()
        state.global_step += 1
        state.epoch = state.global_step / self._steps
        control.should_log = True
        logs = {"loss": 1.0 + spent, "grad_norm": 1.0 + spent, "learning_rate": 1e-3, "epoch": state.epoch}
        began = time.perf_counter()
        handler.on_step_end(args, state, control)
        handler.on_log(args, state, control, logs)
        self.step_seconds.append(spent + time.perf_counter() - began)

    def end(self) -> float:
        """Ends the training; returns the seconds it took."""
        began = time.perf_counter()
        self._handler.on_train_end(self._args, self._state, self._control)
        return time.perf_counter() - began

    def _compute(self) -> None:
        if self._work is not None:
            torch.mm(self._work, self._work)
