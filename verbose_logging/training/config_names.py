"""Names of training arguments that were given up, and those that took their place.

Older scripts, guides and configs use them, so they are understood, and each is told once. A name that the installed
version still knows is left as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

RENAMED = {
    "max_seq_length": "max_length",
    "evaluation_strategy": "eval_strategy",
    "warmup_ratio": "warmup_steps",  # below 1 it is a share
    "no_cuda": "use_cpu",
    "per_gpu_train_batch_size": "per_device_train_batch_size",
    "per_gpu_eval_batch_size": "per_device_eval_batch_size",
    "model_name_or_path": "model_name",
    "lora_target_modules": "target_modules",
}
GONE = {
    "overwrite_output_dir": "what lies in output_dir stays",
    "save_safetensors": "models are always saved as safetensors",
    "include_tokens_per_second": "the log has tokens_per_second",
    "include_num_input_tokens_seen": "the log has num_tokens",
    "group_by_length": "train_sampling_strategy: group_by_length does it",
    "dataset_batch_size": "rows are tokenized in batches of a size that is given",
    "logging_dir": "the environment's TENSORBOARD_LOGGING_DIR names TensorBoard's folder",
}


class TodaysNames(NamedTuple):
    """A config in today's names.

    Args:
        values: The config.
        given_as: The key that a value was given under, by today's name, where the two differ.
        notices: One sentence for each name that was replaced or left out.
        problems: Each value that was given under both its names, and what is wrong with that.
    """

    values: dict[str, Any]
    given_as: dict[str, str]
    notices: tuple[str, ...]
    problems: tuple[tuple[str, str], ...]


def in_todays_names(config: Mapping[str, Any], known: Collection[str]) -> TodaysNames:
    """Returns the config with every name that was given up replaced by the one that took its place.

    Args:
        config: Keys and values as they were given.
        known: The names that are valid today.

    Example:
        >>> today = in_todays_names({"max_seq_length": 512}, {"max_length"})
        >>> today.values, today.given_as, today.notices
        ({'max_length': 512}, {'max_length': 'max_seq_length'}, ('max_seq_length is called max_length now',))
    """
    old = {key for key in config if key not in known}
    given_as = {RENAMED[key]: key for key in config if key in old & RENAMED.keys()}
    gone = [key for key in config if key in old & GONE.keys()]
    notices = [f"{key} is called {name} now" for name, key in given_as.items()]
    notices += [f"{key} is left out: {GONE[key]}" for key in gone]
    twice = [(name, f"given beside {name}, which is the same; keep one") for name in given_as if name in config]
    values = {name: config[key] for name, key in given_as.items()}
    values |= {key: value for key, value in config.items() if key not in given_as.values() and key not in gone}
    return TodaysNames(values, given_as, tuple(notices), tuple(twice))
