from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import msgspec
import torch
from transformers import TrainingArguments
from trl import SFTConfig

from verbose_logging.inspection.training_args import inspect_training_args

SECRET = "hf_abcdefghijklmnopqrstuvwxyz"  # noqa: S105 - planted, to be looked for


@dataclasses.dataclass
class _Options:
    learning_rate: float
    hub_token: str


def test_no_planted_secret_is_left(tmp_path: Path) -> None:
    """Tokens in fields, in nested dictionaries and in free text are hidden; the arguments around them stay."""
    args = SFTConfig(
        output_dir=str(tmp_path / SECRET),
        hub_token=SECRET,
        use_cpu=True,
        bf16=False,
        learning_rate=3e-4,
        model_init_kwargs={"token": "swordfish", "revision": "main"},
        push_to_hub=False,
    )

    options = inspect_training_args(args)

    assert 3e-4 == options["learning_rate"]
    assert "[redacted]" == options["hub_token"]
    assert {"token": "[redacted]", "revision": "main"} == options["model_init_kwargs"]
    assert b"swordfish" not in msgspec.json.encode(options)
    assert SECRET.encode() not in msgspec.json.encode(options)


def test_a_token_that_is_not_set_reads_as_not_set(tmp_path: Path) -> None:
    """`None` stays `None`, where transformers' own mask would read as a token."""
    assert inspect_training_args(TrainingArguments(output_dir=str(tmp_path), use_cpu=True))["hub_token"] is None


def test_vocabulary_tokens_are_shown(tmp_path: Path) -> None:
    """The tokens that SFT trains with are no secrets, though transformers masks them."""
    args = SFTConfig(output_dir=str(tmp_path), use_cpu=True, bf16=False, eos_token="<|im_end|>")  # noqa: S106 - no secret

    assert "<|im_end|>" == inspect_training_args(args)["eos_token"]


def test_the_arguments_are_not_changed(tmp_path: Path) -> None:
    """Nested dictionaries keep their values, which `to_dict` would turn into text."""
    kwargs = {"dtype": torch.bfloat16, "config": {"dtype": torch.float16}}
    args = SFTConfig(output_dir=str(tmp_path), use_cpu=True, bf16=False, model_init_kwargs=kwargs)

    options = inspect_training_args(args)

    assert {"dtype": "bfloat16", "config": {"dtype": "float16"}} == options["model_init_kwargs"]
    assert {"dtype": torch.bfloat16, "config": {"dtype": torch.float16}} == args.model_init_kwargs


def test_other_objects_give_their_attributes() -> None:
    """An object without `to_dict` gives its attributes, without secrets."""
    assert {"learning_rate": 0.1, "hub_token": "[redacted]"} == inspect_training_args(_Options(0.1, "swordfish"))


def test_a_broken_to_dict_gives_the_attributes() -> None:
    """An object whose `to_dict` raises gives its attributes."""

    class Broken:
        def __init__(self) -> None:
            self.epochs = 3

        def to_dict(self) -> dict[str, Any]:
            raise RuntimeError

    assert {"epochs": 3} == inspect_training_args(Broken())


def test_nothing_gives_nothing() -> None:
    """Where there are no arguments there are no options."""
    assert [{}, {}, {}] == [inspect_training_args(nothing) for nothing in (None, 3, "text")]
