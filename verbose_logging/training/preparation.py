"""Everything that a training needs but the weights: the model's config, the rows, the tokenizer, the arguments."""

from __future__ import annotations

from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

from transformers import PretrainedConfig, PreTrainedTokenizerBase
from transformers.trainer_utils import get_last_checkpoint
from trl import SFTConfig

from verbose_logging.data import load_devils_dictionary
from verbose_logging.errors import SettingsError
from verbose_logging.formatting import counted
from verbose_logging.training.arguments import training_arguments
from verbose_logging.training.config import Recipe, TrainingConfig
from verbose_logging.training.data_shapes import MESSAGES, chat_instruction, plain_instruction, texts_of
from verbose_logging.training.datasets import Rows, TrainingData, load_data, split_off, with_instructions_written
from verbose_logging.training.model_loading import as_it_comes, model_config, quantization, skeleton
from verbose_logging.training.tokenizing import VOCABULARY_SIZE, load_tokenizer, token_ids, train_tokenizer

_ROWS_FOR_A_TOKENIZER = 100_000


class Preparation(NamedTuple):
    """What a training needs beside its weights.

    Args:
        config: The config that it follows.
        arguments: The Trainer's.
        model_config: The model's, complete.
        skeleton: The model with its adapter, without weights.
        tokenizer: The tokenizer.
        train_rows: What is trained on.
        eval_rows: What is evaluated on.
        shape: What is in the rows.
        notices: What a person should know before it begins, a sentence each.
    """

    config: TrainingConfig
    arguments: SFTConfig
    model_config: PretrainedConfig
    skeleton: Any
    tokenizer: PreTrainedTokenizerBase
    train_rows: Rows
    eval_rows: Rows | None
    shape: str
    notices: tuple[str, ...]


def prepare(config: TrainingConfig) -> Preparation:
    """Returns everything that a config's training needs beside its weights.

    Raises:
        SettingsError: The model, the tokenizer or the data cannot be used.
    """
    recipe, given = config.recipe, config.arguments
    trusted = bool(given.get("trust_remote_code", False))
    described = model_config(recipe, trust_remote_code=trusted)
    recipe = as_it_comes(recipe, described)
    quantization(recipe)  # what is missing for it is told before the data is read
    train_data, eval_data = _data(recipe, given)
    tokenizer = _tokenizer(recipe, train_data, trusted=trusted)
    _check_chat_template(train_data, tokenizer, given)
    _complete(described, recipe, tokenizer)
    positions = getattr(described, "max_position_embeddings", None)
    given = {key: value for key, value in given.items() if key != "dataset_text_field"}  # the column is `text` by now
    arguments = training_arguments(given, positions=positions, evaluates=eval_data is not None)
    _check_checkpoint(recipe.resume_from_checkpoint, arguments.output_dir)
    write = chat_instruction if tokenizer.chat_template else plain_instruction
    return Preparation(
        config=config._replace(recipe=recipe),
        arguments=arguments,
        model_config=described,
        skeleton=skeleton(recipe, described, trust_remote_code=trusted),
        tokenizer=tokenizer,
        train_rows=with_instructions_written(train_data, write),
        eval_rows=None if eval_data is None else with_instructions_written(eval_data, write),
        shape=train_data.shape.name,
        notices=(*config.notices, *_notices(recipe, given, arguments, train_data)),
    )


def _data(recipe: Recipe, given: dict[str, Any]) -> tuple[TrainingData, TrainingData | None]:
    field = given.get("dataset_text_field", "text")
    columns = {"text": field, **recipe.columns} if field != "text" else recipe.columns
    key = "csv_path" if recipe.csv_path is not None else "train_dataset"
    source = [{"text": entry["text"]} for entry in load_devils_dictionary()] if recipe.data is None else recipe.data
    train_data = load_data(key, source, columns)
    if recipe.eval_dataset is not None:
        return train_data, load_data("eval_dataset", recipe.eval_dataset, columns)
    if recipe.eval_fraction is not None:
        return split_off(train_data, recipe.eval_fraction, given.get("seed", SFTConfig.seed))
    return train_data, None


def _tokenizer(recipe: Recipe, data: TrainingData, *, trusted: bool) -> PreTrainedTokenizerBase:
    if recipe.tokenizer_name is not None:
        return load_tokenizer("tokenizer_name", recipe.tokenizer_name, trust_remote_code=trusted)
    if isinstance(recipe.model_name, str):
        return load_tokenizer("model_name", recipe.model_name, trust_remote_code=trusted)
    rows = islice(with_instructions_written(data, plain_instruction), _ROWS_FOR_A_TOKENIZER)
    texts = chain.from_iterable(texts_of(row) for row in rows)
    return train_tokenizer(texts, recipe.model_name.get("vocab_size", VOCABULARY_SIZE))


def _complete(described: PretrainedConfig, recipe: Recipe, tokenizer: PreTrainedTokenizerBase) -> None:
    """Gives a model that is built what its description leaves to the tokenizer."""
    if isinstance(recipe.model_name, str):
        return
    said = {"vocab_size": len(tokenizer), **token_ids(tokenizer)}
    for name, value in said.items():
        if name not in recipe.model_name:
            setattr(described, name, value)
    if described.vocab_size < len(tokenizer):
        raise SettingsError(
            f"model_name.vocab_size: got {described.vocab_size}, and the tokenizer has {len(tokenizer)} tokens"
        )


def _check_chat_template(data: TrainingData, tokenizer: PreTrainedTokenizerBase, given: dict[str, Any]) -> None:
    if data.shape is MESSAGES and not tokenizer.chat_template and "chat_template_path" not in given:
        raise SettingsError(
            "train_dataset: the rows are messages, and the tokenizer has no chat template; chat_template_path names one"
        )


def _check_checkpoint(wanted: bool | str | None, folder: str) -> None:
    if wanted is True and (not Path(folder).is_dir() or get_last_checkpoint(folder) is None):
        raise SettingsError(f"resume_from_checkpoint: got true, and there is no checkpoint in {folder}")
    if isinstance(wanted, str) and not Path(wanted).is_dir():
        raise SettingsError(f"resume_from_checkpoint: {wanted}: no such folder")


def _notices(recipe: Recipe, given: dict[str, Any], arguments: SFTConfig, data: TrainingData) -> list[str]:
    notices = []
    if recipe.data is None:
        notices.append("no train_dataset is named, so the bundled text is trained on: The Devil's Dictionary")
    if data.left_out:
        notices.append(f"{counted(data.left_out, 'row')} left out, because something in them is empty")
    asked = given.get("max_length")
    if asked is not None and asked != arguments.max_length:
        notices.append(f"max_length is {arguments.max_length}: the model has no more positions, {asked} were asked for")
    return notices
