"""The same log from a loop that trains with Accelerate, through the seam that Accelerate has for trackers.

`accelerator.log(values, step)` carries names and numbers only, so what they mean goes by their usual names.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from accelerate.tracking import GeneralTracker

from verbose_logging.loop import TrainingLogger

_MEANINGS = {
    "loss": "loss",
    "train_loss": "loss",
    "training_loss": "loss",
    "learning_rate": "learning_rate",
    "lr": "learning_rate",
    "grad_norm": "grad_norm",
    "gradient_norm": "grad_norm",
    "samples": "samples",
    "tokens": "tokens",
    "epoch": "epoch",
}
_EVALUATIONS = ("eval", "val", "test", "dev")


class VerboseTracker(GeneralTracker):  # type: ignore[misc] # accelerate is not typed for us
    """Records what `accelerator.log` is given.

    A call is a step; `loss` or `train_loss`, `lr` or `learning_rate`, `grad_norm`, `samples`, `tokens` and `epoch` mean
    what they say, also behind `train/`. Numbers that begin with eval, val, test or dev are an evaluation.

    Args:
        run_name: A name for people.
        logging_dir: Where the log and the run's file go; by default the working directory.
        **options: Any other argument of `verbose_logging.TrainingLogger`: `total_steps`, `model`, `console`, ...

    Raises:
        SettingsError: An option is unknown, or a value is not usable.

    Example:
        accelerator = Accelerator(log_with=VerboseTracker("my_run", total_steps=1000))
        accelerator.init_trackers("my_project", config={"learning_rate": 2e-4})
        accelerator.log({"train_loss": loss, "lr": 2e-4}, step=1)
        accelerator.end_training()
    """

    name = "verbose_logging"
    requires_logging_directory = False
    main_process_only = True

    def __init__(
        self, run_name: str | None = None, logging_dir: str | os.PathLike[str] | None = None, **options: Any
    ) -> None:
        super().__init__()
        if logging_dir is not None:
            places = {"log_file": Path(logging_dir) / "verbose_training_logs.jsonl", "output_dir": logging_dir}
            options = {**places, **options}
        self._options = {"run_name": run_name, **options}
        self._logger = TrainingLogger(**self._options)
        self._last_step: int | None = None

    @property
    def tracker(self) -> TrainingLogger:
        """The logger that everything goes to."""
        return self._logger

    def store_init_configuration(self, values: dict[str, Any]) -> None:
        """Takes the run's configuration, which stands in the log without its secrets."""
        self._logger = TrainingLogger(**{"config": values, **self._options})

    def log(self, values: Mapping[str, Any], step: int | None = None, **_: Any) -> None:
        """Records a step or an evaluation.

        Args:
            values: Names and numbers; those of an evaluation that stand beside a step's own are told after it.
            step: The step's number; by default one more than the last, of an evaluation the last.
        """
        numbers = {str(name): value for name, value in values.items() if name != "step"}
        if not numbers:
            return
        evaluation = {name: value for name, value in numbers.items() if name.startswith(_EVALUATIONS)}
        training = {_meaning(name): value for name, value in numbers.items() if name not in evaluation}
        last = self._last_step or 0
        if evaluation and not ("loss" in training and (step is None or step != self._last_step)):
            self._logger.log_evaluation(last if step is None else step, **numbers)
            return
        number = last + 1 if step is None else step
        self._last_step = number
        self._logger.log_step(number, **training)
        if evaluation:
            self._logger.log_evaluation(number, **evaluation)

    def finish(self) -> None:
        """Records the end of the run."""
        self._logger.close()


def _meaning(name: str) -> str:
    """Returns the argument of `log_step` that a name stands for, or the name itself."""
    return _MEANINGS.get(name.removeprefix("train/"), name)
