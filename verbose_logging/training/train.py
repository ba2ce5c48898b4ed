"""Fine-tuning from a config, with TRL.

A config is judged whole before anything is loaded; then come the model's config, the data, the tokenizer, and the
weights last, so that what is missing is found before anything heavy.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from datasets import disable_progress_bars
from transformers import PrinterCallback, ProgressCallback, TrainerCallback, set_seed
from transformers.utils import logging as hub_logging
from trl import SFTTrainer

from verbose_logging.callback import VerboseLoggingCallback, callback_from_settings
from verbose_logging.errors import LogError, SettingsError, one_line
from verbose_logging.options.config_file import Config, given_config
from verbose_logging.reading.reader import LogReader
from verbose_logging.reading.summary import summarize
from verbose_logging.training.arguments import argument_types
from verbose_logging.training.config import check_config
from verbose_logging.training.folders import in_session
from verbose_logging.training.model_loading import build_model, lora
from verbose_logging.training.preparation import Preparation, prepare

FINAL, BASE = "final", "base"
_RUN_FILES = f"*_{'[0-9]' * 8}_{'[0-9]' * 6}*.json"
_LOGGER = logging.getLogger("verbose_logging")


class TrainingResult(NamedTuple):
    """How a training went and what it left.

    Args:
        output_dir: Where the checkpoints lie.
        model_path: The trained model and its tokenizer.
        metrics: The Trainer's own: `train_loss`, `train_runtime` and what the last evaluation gave.
        steps: Optimizer steps done.
        log_file: The log; `None` where nothing was recorded.
        run_file: The run as one JSON document; `None` where there is none.
        summary: The run in brief, as `verbose-logging show --json` has it; empty where nothing was recorded.
    """

    output_dir: Path
    model_path: Path
    metrics: dict[str, float]
    steps: int
    log_file: Path | None
    run_file: Path | None
    summary: dict[str, Any]


def train_with_config(
    config: Config,
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
        `train_with_config({"model_name": "Qwen/Qwen3-0.6B", "train_dataset": "train.jsonl"}).model_path` is where the
        trained model lies.

        >>> train_with_config({"model_name": "./gone", "lora_r": -1})
        Traceback (most recent call last):
            ...
        verbose_logging.errors.ConfigError: model_name: gone: no such folder
        lora_r: got -1, expected an integer >= 0
    """
    return train(
        prepared_training(
            config, train_dataset=train_dataset, eval_dataset=eval_dataset, csv_path=csv_path, session_id=session_id
        )
    )


def prepared_training(
    config: Config,
    *,
    train_dataset: Any = None,
    eval_dataset: Any = None,
    csv_path: str | os.PathLike[str] | None = None,
    session_id: str | None = None,
) -> Preparation:
    """Returns everything that a training needs but its weights; arguments and refusals are `train_with_config`'s."""
    given = given_config(config)
    if train_dataset is not None or csv_path is not None:
        given = given.without("train_dataset", "csv_path")
    given = given.with_values(train_dataset=train_dataset, eval_dataset=eval_dataset, csv_path=csv_path)
    checked = check_config(given, argument_types())
    try:
        prepared = prepare(checked if session_id is None else in_session(checked, session_id))
    except SettingsError as error:
        key = re.split(r"[:.]", str(error), maxsplit=1)[0]
        raise SettingsError(f"{given.place(key)}{error}") from error
    for notice in prepared.notices:
        _LOGGER.warning("%s", notice)
    return prepared


def train(prepared: Preparation) -> TrainingResult:
    """Trains, saves the model, and returns how it went.

    Raises:
        SettingsError: The model cannot be built, or the Trainer refuses what it is given.
        MissingExtraError: Quantization needs bitsandbytes.
    """
    settings = prepared.config.settings
    recorder = None if settings is None else callback_from_settings(settings)
    trainer = _trainer(prepared, [recorder] if recorder else [])
    try:
        if recorder is not None and recorder.settings.console != "off":
            _silence_log_lines(trainer)
        outcome = trainer.train(resume_from_checkpoint=prepared.config.recipe.resume_from_checkpoint)
        model_path = Path(prepared.arguments.output_dir) / FINAL
        trainer.save_model(str(model_path))
    finally:
        if recorder is not None:
            recorder.close()
    return _result(trainer, outcome.metrics, model_path, recorder)


def _trainer(prepared: Preparation, callbacks: Sequence[TrainerCallback]) -> SFTTrainer:
    recipe, arguments = prepared.config.recipe, prepared.arguments
    set_seed(arguments.seed)  # a model that is built gets the same weights each time
    output_dir = Path(arguments.output_dir)
    trusted = getattr(arguments, "trust_remote_code", False)
    options = {"trust_remote_code": trusted, **(arguments.model_init_kwargs or {})}
    arguments.model_init_kwargs = None  # the Trainer takes them only where it loads the model itself
    model = build_model(recipe, prepared.model_config, options=options, base_folder=output_dir / BASE)
    try:
        return SFTTrainer(
            model=model,
            args=arguments,
            train_dataset=prepared.train_rows,
            eval_dataset=prepared.eval_rows,
            processing_class=prepared.tokenizer,
            peft_config=lora(recipe),
            callbacks=list(callbacks),
        )
    except (ValueError, TypeError, ImportError, RuntimeError) as error:  # what only it checks
        raise SettingsError(f"the Trainer refuses: {one_line(error)}") from error


def _result(
    trainer: SFTTrainer, metrics: Mapping[str, float], model_path: Path, recorder: VerboseLoggingCallback | None
) -> TrainingResult:
    evaluations = [logged for logged in trainer.state.log_history if "eval_loss" in logged]
    last = {name: value for name, value in evaluations[-1].items() if name.startswith("eval_")} if evaluations else {}
    settings = recorder.settings if recorder is not None and recorder.settings.enabled else None
    log_file = settings.log_path if settings is not None else None
    run_folder = settings.writing_to(trainer.args.output_dir).output_path if settings is not None else None
    return TrainingResult(
        output_dir=Path(trainer.args.output_dir),
        model_path=model_path,
        metrics={**metrics, **last},
        steps=trainer.state.global_step,
        log_file=log_file,
        run_file=_newest_run_file(run_folder),
        summary={} if log_file is None else _summary(log_file),
    )


def _summary(log_file: Path) -> dict[str, Any]:
    """Returns the run in brief; a log that could not be written must not cost the model that has been trained."""
    try:
        return summarize(LogReader(log_file))
    except LogError:
        return {}


def quiet_progress_bars() -> None:
    """Switches off the bars of data sets and of model files for the rest of the process; the Trainer's own stays."""
    disable_progress_bars()
    hub_logging.disable_progress_bar()


def _newest_run_file(folder: Path | None) -> Path | None:
    """Returns the run document that was written last, the one of the run that has just ended."""
    written = [] if folder is None else folder.glob(_RUN_FILES)
    return max(written, key=lambda path: path.stat().st_mtime_ns, default=None)


class _Bar(ProgressCallback):  # type: ignore[misc] # transformers is not typed for us
    """The Trainer's progress bar, without the dictionary that it prints at every log."""

    def on_log(self, *_: Any, **__: Any) -> None:
        """Prints nothing."""


def _silence_log_lines(trainer: SFTTrainer) -> None:
    """Keeps the Trainer from printing every step a second time, as a dictionary."""
    trainer.remove_callback(PrinterCallback)
    if trainer.pop_callback(ProgressCallback) is not None:
        trainer.add_callback(_Bar)
