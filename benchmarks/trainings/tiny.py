"""What the trainings are made of: models from configurations, data from a seeded grammar, a Trainer's arguments."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from tokenizers import Tokenizer, models, pre_tokenizers
from torch import nn
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    PreTrainedTokenizerFast,
    PrinterCallback,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen2ForSequenceClassification,
    Trainer,
    TrainingArguments,
)

VOCABULARY = 48
LENGTH = 16
HIDDEN = (16, 32, 64)  # by size
LAYERS = (1, 2, 3)

Row = dict[str, Any]
Prepare = Callable[[Path, int, int, list[Any]], Trainer]
"""Makes a Trainer from a folder, a seed, a size of 0 to 2 and the callbacks."""


def sentences(count: int, seed: int, *, dialect: int = 7) -> list[list[int]]:
    """Returns rows of a language whose next word is one of four, so that there is something to learn."""
    rng = random.Random(seed)  # noqa: S311 - data for a benchmark
    rows = []
    for _ in range(count):
        row = [rng.randrange(2, VOCABULARY)]
        while len(row) < LENGTH:
            row.append(2 + (dialect * row[-1] + rng.choice((1, 1, 1, 3, 5, 11))) % (VOCABULARY - 2))
        rows.append(row)
    return rows


def language_rows(count: int, seed: int, *, dialect: int = 7) -> list[Row]:
    """Returns rows of that language as a Trainer takes them."""
    rows = [torch.tensor(row) for row in sentences(count, seed, dialect=dialect)]
    return [{"input_ids": row, "labels": row} for row in rows]


def gpt2(seed: int, size: int, **options: Any) -> GPT2LMHeadModel:
    """Returns a GPT-2 with fresh weights."""
    torch.manual_seed(seed)
    config = GPT2Config(
        vocab_size=VOCABULARY,
        n_positions=4 * LENGTH,
        n_embd=HIDDEN[size],
        n_layer=LAYERS[size],
        n_head=2,
        bos_token_id=0,
        eos_token_id=0,
        **options,
    )
    return GPT2LMHeadModel(config)


def qwen2(seed: int, size: int) -> Qwen2ForCausalLM:
    """Returns a Qwen2 with fresh weights."""
    torch.manual_seed(seed)
    return Qwen2ForCausalLM(qwen2_config(size))


def qwen2_classifier(seed: int, size: int, *, labels: int) -> Qwen2ForSequenceClassification:
    """Returns a Qwen2 with a head of so many outputs."""
    torch.manual_seed(seed)
    config = qwen2_config(size)
    config.num_labels = labels
    return Qwen2ForSequenceClassification(config)


def qwen2_config(size: int) -> Qwen2Config:
    """Returns the configuration of a small Qwen2."""
    return Qwen2Config(
        vocab_size=VOCABULARY,
        hidden_size=HIDDEN[size],
        intermediate_size=2 * HIDDEN[size],
        num_hidden_layers=LAYERS[size],
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=4 * LENGTH,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=1,
    )


class DeepTanh(nn.Module):
    """A classifier of many layers whose weights are too small: what goes in and what comes back both fade away."""

    def __init__(self, depth: int, width: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for _ in range(depth):
            layers += [nn.Linear(width, width, bias=False), nn.Tanh()]
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(width, 2, bias=False)
        for weights in self.parameters():
            nn.init.normal_(weights, std=0.02)

    def forward(self, inputs: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
        """Returns the cross-entropy."""
        return {"loss": nn.functional.cross_entropy(self.head(self.body(inputs)), labels)}


def tokenizer() -> PreTrainedTokenizerFast:
    """Returns a tokenizer whose words are the numbers of the vocabulary."""
    words = {"<pad>": 0, "<eos>": 1} | {f"w{number}": number for number in range(2, VOCABULARY)}
    made = Tokenizer(models.WordLevel(words, unk_token="w2"))  # noqa: S106 - a word, no password
    made.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=made, pad_token="<pad>", eos_token="<eos>")  # noqa: S106


def text(row: Sequence[int]) -> str:
    """Returns a row as words."""
    return " ".join(f"w{number}" for number in row)


def texts(count: int, seed: int) -> Dataset:
    """Returns sentences as a data set of `text`."""
    return Dataset.from_list([{"text": text(row)} for row in sentences(count, seed)])


def preferences(count: int, seed: int) -> Dataset:
    """Returns prompts with a chosen answer that follows the grammar, and a rejected one of few words; some swapped."""
    rng = random.Random(seed)  # noqa: S311 - data for a benchmark
    rows = []
    for row in sentences(count, seed):
        wrong = [rng.randrange(2, VOCABULARY // 4) for _ in row[6:]]
        good, bad = (row[6:], wrong) if rng.random() < 0.9 else (wrong, row[6:])  # noqa: PLR2004 - a few are swapped
        rows.append({"prompt": text(row[:6]) + " ", "chosen": text(good), "rejected": text(bad)})
    return Dataset.from_list(rows)


def classified(count: int, seed: int, *, noise: float = 0.0) -> list[Row]:
    """Returns sentences with a label that their last word decides, and a share of them with any label."""
    rng = random.Random(seed)  # noqa: S311 - data for a benchmark
    rows = []
    for row in sentences(count, seed):
        label = int(row[-1] < VOCABULARY // 2)
        label = rng.randrange(2) if rng.random() < noise else label
        rows.append({"input_ids": torch.tensor(row), "labels": torch.tensor(label)})
    return rows


def common(folder: Path, **options: Any) -> dict[str, Any]:
    """Returns arguments that every Trainer gets, quiet and on the CPU."""
    return {
        "output_dir": str(folder / "out"),
        "max_steps": 120,
        "per_device_train_batch_size": 8,
        "per_device_eval_batch_size": 16,
        "learning_rate": 3e-3,
        "logging_steps": 1,
        "save_strategy": "no",
        "report_to": "none",
        "use_cpu": True,
        "disable_tqdm": True,
        "dataloader_pin_memory": False,
    } | options


def trainer(  # noqa: PLR0913 - keyword-only, each a thing that a training has
    folder: Path,
    *,
    model: nn.Module,
    rows: Any,
    callbacks: Sequence[Any],
    seed: int,
    evaluation: Any = None,
    kind: type[Trainer] = Trainer,
    optimizers: tuple[Any, Any] = (None, None),
    **options: Any,
) -> Trainer:
    """Returns a plain Trainer."""
    schedule = {"eval_strategy": "steps", "eval_steps": 20} if evaluation is not None else {}
    args = TrainingArguments(**common(folder, seed=seed, **{**schedule, **options}))
    made = kind(
        model=model,
        args=args,
        train_dataset=rows,
        eval_dataset=evaluation,
        callbacks=list(callbacks),
        optimizers=optimizers,
    )
    made.remove_callback(PrinterCallback)
    return made


def language_trainer(
    folder: Path, seed: int, size: int, callbacks: Sequence[Any], *, rows: Any = None, **options: Any
) -> Trainer:
    """Returns a plain Trainer of a GPT-2 on rows of the language, by default on 1,000 of them."""
    model = gpt2(seed, size)
    rows = language_rows(1000, seed) if rows is None else rows
    return trainer(folder, model=model, rows=rows, callbacks=callbacks, seed=seed, **options)
