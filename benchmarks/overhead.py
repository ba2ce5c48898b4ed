"""What a callback costs the training thread at each step, side by side in one process.

The real `CallbackHandler` fires the five events of a step with a little work between them. Subjects take turns in
short blocks, so that a noisy machine disturbs all of them alike; what counts is the ratio to the reference, which
builds a dictionary of 25 fields and appends it to a deque once per step.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.trainer_callback import CallbackHandler

from verbose_logging import VerboseLoggingCallback
from verbose_logging.levels import LEVELS

BLOCKS = 40
STEPS_PER_BLOCK = 50
REFERENCE = "dictionary and deque"


class Empty(TrainerCallback):
    """Does nothing; everything is measured above it."""


class DictionaryAndDeque(TrainerCallback):
    """The reference: what the simplest recorder would do."""

    def __init__(self) -> None:
        self._rows: deque[dict[str, Any]] = deque(maxlen=100_000)

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Builds 25 fields and keeps them."""
        now = time.monotonic()
        self._rows.append(dict.fromkeys(_FIELDS, now) | {"step": state.global_step, "epoch": state.epoch})


_FIELDS = tuple(f"field_{number}" for number in range(23))


class Subject:
    """One callback in a handler of its own, with the times of its steps."""

    def __init__(self, callback: TrainerCallback, args: TrainingArguments) -> None:
        self._model = torch.nn.Linear(2, 2)
        optimizer = torch.optim.SGD(self._model.parameters(), lr=0.1)
        self.handler = CallbackHandler([callback], self._model, None, optimizer, None)
        self.args = args
        self.state = TrainerState(max_steps=BLOCKS * STEPS_PER_BLOCK, num_train_epochs=1, epoch=0.0)
        self.control = TrainerControl()
        self.step_seconds: list[float] = []

    def step(self, work: torch.Tensor) -> None:
        """Fires one step's events; only the time within the callbacks counts."""
        handler, args, state, control = self.handler, self.args, self.state, self.control
        spent = 0.0
        for event in (handler.on_step_begin, handler.on_pre_optimizer_step, handler.on_optimizer_step):
            torch.mm(work, work)
            began = time.perf_counter()
            event(args, state, control)
            spent += time.perf_counter() - began
        torch.mm(work, work)
        state.global_step += 1
        control.should_log = True
        began = time.perf_counter()
        handler.on_step_end(args, state, control)
        handler.on_log(args, state, control, {"loss": 1.0, "grad_norm": 1.0, "learning_rate": 1e-3, "epoch": 0.1})
        self.step_seconds.append(spent + time.perf_counter() - began)


@contextmanager
def subjects() -> Iterator[dict[str, Subject]]:
    """Yields every subject, training begun, and ends them afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        args = TrainingArguments(output_dir=folder, use_cpu=True, report_to="none")
        callbacks: dict[str, TrainerCallback] = {"empty": Empty(), REFERENCE: DictionaryAndDeque()}
        for level in LEVELS:
            log_file = str(Path(folder) / f"{level}.jsonl")
            callbacks[level] = VerboseLoggingCallback(level, log_file=log_file, standard_log_file=None, console="off")
        made = {name: Subject(callback, args) for name, callback in callbacks.items()}
        for subject in made.values():
            subject.handler.on_train_begin(args, subject.state, subject.control)
        yield made
        for subject in made.values():
            subject.handler.on_train_end(args, subject.state, subject.control)
        for callback in callbacks.values():
            if isinstance(callback, VerboseLoggingCallback):
                callback.close()


def measure() -> dict[str, float]:
    """Returns the added median time per step of each subject over the empty callback, in microseconds."""
    work = torch.rand(128, 128)
    with subjects() as made:
        for _ in range(BLOCKS):
            for subject in made.values():
                for _ in range(STEPS_PER_BLOCK):
                    subject.step(work)
        medians = {name: statistics.median(subject.step_seconds) for name, subject in made.items()}
    return {name: 1e6 * (median - medians["empty"]) for name, median in medians.items() if name != "empty"}


def main() -> None:
    """Prints the table."""
    added = measure()
    table = Table("callback", "added per step (median)", f"ratio to {REFERENCE}")
    for name, microseconds in added.items():
        table.add_row(name, f"{microseconds:.2f} us", f"{microseconds / added[REFERENCE]:.2f}x")
    Console().print(table)


if __name__ == "__main__":
    main()
