"""Fine-tuning from a config, with TRL.

A config is judged whole before anything is loaded; then come the model's config, the data, the tokenizer, and the
weights last, so that what is missing is found before anything heavy.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from datasets import disable_progress_bars
from transformers import PrinterCallback, ProgressCallback, TrainerCallback, set_seed
from transformers.utils import logging as hub_logging
from trl import SFTTrainer

from verbose_logging.callback import VerboseLoggingCallback, callback_from_settings
from verbose_logging.config import TrainingConfig, check_config
from verbose_logging.config_file import GivenConfig, read_config_file
from verbose_logging.model_loading import build_model, lora
from verbose_logging.preparation import Preparation, prepare
from verbose_logging.reading.reader import LogReader
from verbose_logging.reading.summary import summarize
from verbose_logging.training_arguments import argument_types
from verbose_logging.training_folders import in_session

FINAL = "final"
_LOGGER = logging.getLogger("verbose_logging")


class TrainingResult(NamedTuple):
    """How a training went and what it left.

    Args:
        output_dir: Where the checkpoints lie.
        model_path: The trained model and its tokenizer.
        metrics: The Trainer's own: `train_loss`, `train_runtime` and what the last evaluation gave.
        steps: Optimizer steps done.
        log_file: The log; `None` where nothing was recorded.
        summary: The run in brief, as `verbose-logging show --json` has it; empty where nothing was recorded.
    """

    output_dir: Path
    model_path: Path
    metrics: dict[str, float]
    steps: int
    log_file: Path | None
    summary: dict[str, Any]


def train_with_config(
    config: Mapping[str, Any] | str | os.PathLike[str] | GivenConfig,
    *,
    train_dataset: Any = None,
    eval_dataset: Any = None,
    csv_path: str | os.PathLike[str] | None = None,
    session_id: str | None = None,
) -> TrainingResult:
    """Fine-tunes a model as a config says, and returns how it went.

    Args:
        config: The config, or the YAML or JSON file that holds it; docs/configuration.md has its keys.
        train_dataset: What to train on, in place of the config's.
        eval_dataset: What to evaluate on, in place of the config's.
        csv_path: A CSV file to train on, in place of the config's data.
        session_id: Puts the logs below `training_sessions/ID/logs`, and the model beside them unless the config names
            an `output_dir`.

    Raises:
        ConfigError: The config has mistakes; all of them are told, and nothing has been loaded.
        SettingsError: The model, the tokenizer or the data cannot be used.
        MissingExtraError: Quantization needs bitsandbytes.

    Example:
        result = train_with_config({"model_name": "Qwen/Qwen3-0.6B", "train_dataset": "train.jsonl", "max_steps": 60})
        print(result.metrics["train_loss"], result.model_path)
    """
    given = given_config(config, train_dataset=train_dataset, eval_dataset=eval_dataset, csv_path=csv_path)
    return train(checked(given if session_id is None else in_session(given, session_id)))


def given_config(
    config: Mapping[str, Any] | str | os.PathLike[str] | GivenConfig,
    *,
    train_dataset: Any = None,
    eval_dataset: Any = None,
    csv_path: str | os.PathLike[str] | None = None,
) -> GivenConfig:
    """Returns a config with the data that was given beside it.

    Raises:
        SettingsError: The file cannot be read.
    """
    if isinstance(config, Mapping):
        given = GivenConfig(dict(config))
    else:
        given = config if isinstance(config, GivenConfig) else read_config_file(config)
    values = dict(given.values)
    if train_dataset is not None or csv_path is not None:
        values = {key: value for key, value in values.items() if key not in {"train_dataset", "csv_path"}}
    path = None if csv_path is None else os.fspath(csv_path)
    beside = {"train_dataset": train_dataset, "eval_dataset": eval_dataset, "csv_path": path}
    return given._replace(values=values | {key: value for key, value in beside.items() if value is not None})


def checked(given: GivenConfig) -> TrainingConfig:
    """Returns a config without a mistake.

    Raises:
        ConfigError: It has some; all of them are told.
    """
    return check_config(given, argument_types())


def train(config: TrainingConfig) -> TrainingResult:
    """Trains as a checked config says, saves the model, and returns how it went.

    Raises:
        SettingsError: The model, the tokenizer or the data cannot be used.
        MissingExtraError: Quantization needs bitsandbytes.
    """
    prepared = prepare(config)
    for notice in prepared.notices:
        _LOGGER.warning("%s", notice)
    recorder = None if config.settings is None else callback_from_settings(config.settings)
    trainer = _trainer(prepared, [recorder] if recorder else [])
    try:
        if recorder is not None and recorder.settings.console != "off":
            _silence_log_lines(trainer)
        outcome = trainer.train(resume_from_checkpoint=config.recipe.resume_from_checkpoint)
        model_path = Path(prepared.arguments.output_dir) / FINAL
        trainer.save_model(str(model_path))
    finally:
        if recorder is not None:
            recorder.close()
    return _result(trainer, outcome.metrics, model_path, recorder)


def _trainer(prepared: Preparation, callbacks: Sequence[TrainerCallback]) -> SFTTrainer:
    recipe, arguments = prepared.config.recipe, prepared.arguments
    set_seed(arguments.seed)  # a model that is built gets the same weights each time
    options = dict(arguments.model_init_kwargs or {})
    arguments.model_init_kwargs = None  # the Trainer takes them only where it loads the model itself
    return SFTTrainer(
        model=build_model(recipe, prepared.model_config, options),
        args=arguments,
        train_dataset=prepared.train_rows,
        eval_dataset=prepared.eval_rows,
        processing_class=prepared.tokenizer,
        peft_config=lora(recipe),
        callbacks=list(callbacks),
    )


def _result(
    trainer: SFTTrainer, metrics: Mapping[str, float], model_path: Path, recorder: VerboseLoggingCallback | None
) -> TrainingResult:
    evaluations = [logged for logged in trainer.state.log_history if "eval_loss" in logged]
    last = {name: value for name, value in evaluations[-1].items() if name.startswith("eval_")} if evaluations else {}
    log_file = recorder.settings.log_path if recorder is not None and recorder.settings.enabled else None
    return TrainingResult(
        output_dir=Path(trainer.args.output_dir),
        model_path=model_path,
        metrics={**metrics, **last},
        steps=trainer.state.global_step,
        log_file=log_file,
        summary=summarize(LogReader(log_file)) if log_file is not None and log_file.exists() else {},
    )


def quiet_progress_bars() -> None:
    """Switches off the bars of data sets and of model files for the rest of the process; the Trainer's own stays."""
    disable_progress_bars()
    hub_logging.disable_progress_bar()


class _Bar(ProgressCallback):  # type: ignore[misc] # transformers is not typed for us
    """The Trainer's progress bar, without the dictionary that it prints at every log."""

    def on_log(self, *_: Any, **__: Any) -> None:
        """Prints nothing."""


def _silence_log_lines(trainer: SFTTrainer) -> None:
    """Keeps the Trainer from printing every step a second time, as a dictionary."""
    trainer.remove_callback(PrinterCallback)
    if trainer.pop_callback(ProgressCallback) is not None:
        trainer.add_callback(_Bar)
