"""Curves and a summary for Weights & Biases: in the run that is active, or else in one of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from verbose_logging.entries import EndBase, Entry, TrainingFailed, TrainingInitialization
from verbose_logging.settings import Settings
from verbose_logging.sinks.scalars import ScalarReader, Scalars


class WandbSink:
    """Logs every number that an entry carries against the run's own step.

    A run that somebody else has begun keeps its own steps and rows: ours join the row that is open there, below
    `verbose/`, and the run is left open at the end. Whether anything leaves the machine is W&B's own setting
    (`WANDB_MODE=offline`, `WANDB_DIR`, `WANDB_PROJECT`).

    Args:
        wandb: The library.
        run_name: A name for people.
    """

    def __init__(self, wandb: Any, *, run_name: str | None) -> None:
        self._wandb = wandb
        self._run_name = run_name
        self._run: Any = None
        self._is_guest = False
        self._prefix = self._step = ""
        self._reader = ScalarReader()
        self._exit_code = 0

    def write(self, entries: Sequence[Entry]) -> None:
        """Takes a batch of entries, in order."""
        if entries and self._run is None:
            self._join()
        for entry in entries:
            if isinstance(entry, TrainingInitialization) and not self._is_guest:
                described = {"training_args": entry.training_args, "model_info": entry.model_info}
                self._run.config.update(described, allow_val_change=True)
            elif isinstance(entry, EndBase):
                self._end(entry)
            elif (numbers := self._reader.read(entry)) is not None:
                self._log(numbers)

    def flush(self) -> None:
        """Does nothing: W&B's own process takes what it is given."""

    def close(self) -> None:
        """Finishes a run of our own."""
        if self._run is not None and not self._is_guest:
            self._run.finish(exit_code=self._exit_code)

    def _join(self) -> None:
        self._is_guest = self._wandb.run is not None
        self._run = self._wandb.run if self._is_guest else self._begin()
        prefix = "verbose/" if self._is_guest else ""
        self._prefix, self._step = prefix, f"{prefix}train/global_step"
        self._run.define_metric(f"{prefix}*", step_metric=self._step)

    def _begin(self) -> Any:
        quiet = self._wandb.Settings(silent=True, console="off", reinit="create_new")  # active for nobody else
        return self._wandb.init(name=self._run_name, settings=quiet)

    def _log(self, numbers: Scalars) -> None:
        values = {f"{self._prefix}{name}": value for name, value in numbers.values.items()}
        self._run.log({**values, self._step: numbers.step}, commit=not self._is_guest)

    def _end(self, entry: EndBase) -> None:
        self._exit_code = int(isinstance(entry, TrainingFailed))
        if not self._is_guest:
            self._run.summary.update({f"end/{name}": value for name, value in entry.statistics.items()})


def make(wandb: Any, settings: Settings) -> WandbSink:
    """Returns the sink that the settings describe."""
    return WandbSink(wandb, run_name=settings.run_name)
