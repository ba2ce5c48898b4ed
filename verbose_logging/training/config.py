"""What a training config may say, and whether one says it well: every mistake at once, before anything is loaded.

Three groups of keys make a config: the recipe (model, data, LoRA, quantization), TRL's `SFTConfig` by its own names,
and the options of the recording.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_type_hints

import msgspec

from verbose_logging.errors import ConfigError, SettingsError, hint
from verbose_logging.options.config_file import GivenConfig
from verbose_logging.options.value_checks import misfit, shown, spoken
from verbose_logging.settings import ALIASES, Settings
from verbose_logging.training.config_names import GONE, RENAMED, in_todays_names
from verbose_logging.training.sources import data_problem, model_problem, output_problem

DEFAULT_LORA_RANK = 16


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """What is trained, on what, and how much of it.

    Args:
        use_verbose_logging: Whether the training is recorded.
        model_name: A name on the hub, a folder, or a mapping that describes a model to build:
            `{"architecture": "qwen2", "hidden_size": 64, ...}`.
        tokenizer_name: A name on the hub or a folder; by default the model's own, and for a model that is built one
            that is trained on the training text.
        train_dataset: A file, a folder, a name on the hub, arguments of `datasets.load_dataset`, rows, or a data set.
        eval_dataset: The same for evaluation.
        csv_path: A CSV file to train on.
        eval_fraction: The share of the training rows that is kept for evaluation, where no `eval_dataset` is given.
        columns: The data's own column for each of ours, as in `{"prompt": "question", "completion": "answer"}`.
        lora_r: The rank of LoRA; 0 trains every weight.
        lora_alpha: LoRA's scale; by default twice the rank.
        lora_dropout: Dropout before LoRA's matrices.
        target_modules: What LoRA adapts.
        quantization: How the frozen weights are kept.
        resume_from_checkpoint: A checkpoint's folder, or true for the newest in `output_dir`.
    """

    use_verbose_logging: bool = False
    model_name: str | dict[str, Any]
    tokenizer_name: str | None = None
    train_dataset: Any = None
    eval_dataset: Any = None
    csv_path: str | None = None
    eval_fraction: Annotated[float, msgspec.Meta(gt=0, lt=1)] | None = None
    columns: dict[str, str] = {}
    lora_r: Annotated[int, msgspec.Meta(ge=0)] | None = None
    lora_alpha: Annotated[float, msgspec.Meta(gt=0)] | None = None
    lora_dropout: Annotated[float, msgspec.Meta(ge=0, lt=1)] | None = None
    target_modules: str | list[str] | None = None
    quantization: Literal["none", "4bit", "8bit"] = "none"
    resume_from_checkpoint: bool | str | None = None

    @property
    def lora_rank(self) -> int:
        """The rank of LoRA, 0 without: a quantized model is trained through it, and so is one with a word of LoRA."""
        if self.lora_r is not None:
            return self.lora_r
        asked = [self.lora_alpha, self.lora_dropout, self.target_modules]
        wanted = self.quantization != "none" or any(value is not None for value in asked)
        return DEFAULT_LORA_RANK if wanted else 0

    @property
    def data(self) -> Any:
        """Where the training rows come from; `None` where nothing says it."""
        return self.train_dataset if self.train_dataset is not None else self.csv_path


class TrainingConfig(NamedTuple):
    """A config without a mistake.

    Args:
        recipe: Model, data, LoRA, quantization.
        arguments: Those of `SFTConfig` that were given.
        settings: The options of the recording; `None` where nothing is recorded.
        notices: What was understood in another way than it was written, a sentence each.
    """

    recipe: Recipe
    arguments: dict[str, Any]
    settings: Settings | None
    notices: tuple[str, ...]


_RECIPE_TYPES = get_type_hints(Recipe, include_extras=True)
_OPTIONS = frozenset(Settings.__struct_fields__)
_ONE_OR_MORE = msgspec.Meta(ge=1)
_POSITIVE = msgspec.Meta(gt=0)
_NOT_NEGATIVE = msgspec.Meta(ge=0)
_LIMITS = {
    **dict.fromkeys(
        ("per_device_train_batch_size", "per_device_eval_batch_size", "gradient_accumulation_steps", "max_length"),
        _ONE_OR_MORE,
    ),
    **dict.fromkeys(("logging_steps", "save_steps", "eval_steps", "num_train_epochs", "save_total_limit"), _POSITIVE),
    **dict.fromkeys(
        ("learning_rate", "warmup_steps", "weight_decay", "max_grad_norm", "dataloader_num_workers", "eval_delay"),
        _NOT_NEGATIVE,
    ),
    **dict.fromkeys(("seed", "data_seed"), _NOT_NEGATIVE),
    "max_steps": msgspec.Meta(ge=-1),
}


def check_config(given: GivenConfig, argument_types: Mapping[str, Any]) -> TrainingConfig:
    """Returns a config that can be trained with, as far as can be seen without loading anything.

    Args:
        given: The config.
        argument_types: The type of every field of `SFTConfig`.

    Raises:
        ConfigError: It has mistakes; all of them are told.
    """
    known = {*_RECIPE_TYPES, *argument_types, *_OPTIONS}
    plain = {key: os.fspath(value) if isinstance(value, os.PathLike) else value for key, value in given.values.items()}
    today = in_todays_names({ALIASES.get(key, key): value for key, value in plain.items()}, known)
    values = {key: spoken(value, {**argument_types, **_RECIPE_TYPES}.get(key)) for key, value in today.values.items()}
    mistakes = [*today.problems, *_mistakes(values, argument_types)]
    if mistakes:
        names = {key: today.given_as.get(key, key) for key, _ in mistakes}
        raise ConfigError(f"{given.place(names[key])}{names[key]}: {what}" for key, what in mistakes)
    recipe = Recipe(**{key: value for key, value in values.items() if key in _RECIPE_TYPES})
    return TrainingConfig(
        recipe=recipe,
        arguments={key: value for key, value in values.items() if key in argument_types.keys() - _RECIPE_TYPES.keys()},
        settings=Settings.from_mapping(values) if recipe.use_verbose_logging else None,
        notices=today.notices,
    )


def _mistakes(values: Mapping[str, Any], argument_types: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yields every key that is wrong, with what is wrong."""
    for key, value in values.items():
        what = _mistake(key, value, argument_types)
        if what is not None:
            yield key, what
    if "model_name" not in values:
        yield "model_name", "missing; expected a name on the hub, a folder, or a mapping with 'architecture'"
    yield from _clashes(values)


def _mistake(key: str, value: Any, argument_types: Mapping[str, Any]) -> str | None:
    if key in _RECIPE_TYPES:
        return misfit(value, _RECIPE_TYPES[key]) or _missing(key, value)
    if key in argument_types:
        what = misfit(value, _limited(key, argument_types[key]))
        what = what or (_wrong_option(key, value) if key in _OPTIONS else None)
        return what or (output_problem(value) if key == "output_dir" and value else None)
    if key in _OPTIONS:
        return _wrong_option(key, value)
    near = hint(key, {*_RECIPE_TYPES, *argument_types, *_OPTIONS, *ALIASES, *RENAMED, *GONE})
    return f"unknown key{near}"


def _missing(key: str, value: Any) -> str | None:
    """Returns what is wrong with a source that a key names."""
    if value is None:
        return None
    if key in {"train_dataset", "eval_dataset", "csv_path"}:
        return data_problem(value)
    return model_problem(value) if key == "model_name" else None


def _wrong_option(key: str, value: Any) -> str | None:
    try:
        Settings.from_options(**{key: value})
    except SettingsError as error:
        return str(error).removeprefix(f"{key}: ")
    return None


def _limited(key: str, kind: Any) -> Any:
    """Returns the type with the limit that the key has: a count of steps is positive."""
    limit = _LIMITS.get(key)
    if limit is None:
        return kind
    members = get_args(kind) or (kind,)
    return Union[tuple(Annotated[member, limit] if member in {int, float} else member for member in members)]  # noqa: UP007 - built from values


def _clashes(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yields keys that are good alone and not together."""
    if values.get("csv_path") is not None and values.get("train_dataset") is not None:
        yield "csv_path", "given beside train_dataset; keep one"
    if values.get("eval_fraction") is not None and values.get("eval_dataset") is not None:
        yield "eval_fraction", "given beside eval_dataset; keep one"
    strategy = values.get("eval_strategy")
    has_rows = values.get("eval_dataset") is not None or values.get("eval_fraction") is not None
    if strategy in ("steps", "epoch") and not has_rows:
        wanted = "expected eval_dataset or eval_fraction beside it"
        yield "eval_strategy", f"got {shown(strategy)}, and nothing to evaluate on; {wanted}"
    if values.get("quantization", "none") in ("4bit", "8bit") and values.get("lora_r") == 0:
        yield "quantization", "quantized weights are trained through LoRA only, and lora_r is 0"
