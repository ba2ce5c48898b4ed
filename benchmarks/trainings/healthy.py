"""Trainings with nothing wrong, of every kind that people run."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig
from transformers import Trainer, TrainerCallback
from trl import DPOConfig, DPOTrainer, GRPOConfig, GRPOTrainer, RewardConfig, RewardTrainer, SFTConfig, SFTTrainer

from benchmarks.trainings import tiny
from benchmarks.trainings.tiny import Prepare

_STEPS = 160


def _trl(folder: Path, seed: int, config: Callable[..., Any], **options: Any) -> Any:
    recompute = {"gradient_checkpointing": False}
    arguments = tiny.common(folder, max_steps=_STEPS, seed=seed, bf16=False, max_length=32, **recompute)
    return config(**arguments | {"eval_strategy": "steps", "eval_steps": 40} | options)


def sft(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """Supervised fine-tuning of a fresh model."""
    return SFTTrainer(
        model=tiny.qwen2(seed, size),
        args=_trl(folder, seed, SFTConfig, warmup_steps=10),
        train_dataset=tiny.texts(1200, seed),
        eval_dataset=tiny.texts(64, seed + 100),
        processing_class=tiny.tokenizer(),
        callbacks=callbacks,
    )


def _pretrained(folder: Path, seed: int, size: int) -> Any:
    """Returns a model that knows another dialect, for those who fine-tune."""
    model = tiny.qwen2(seed, size)
    rows = tiny.language_rows(800, seed + 50, dialect=5)
    learner = tiny.trainer(folder / "before", model=model, rows=rows, callbacks=[], seed=seed, max_steps=80)
    learner.train()
    return model


def lora(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """LoRA on a model that knows something already."""
    return SFTTrainer(
        model=_pretrained(folder, seed, size),
        args=_trl(folder, seed, SFTConfig, learning_rate=5e-3, warmup_steps=10),
        train_dataset=tiny.texts(1200, seed),
        eval_dataset=tiny.texts(64, seed + 100),
        processing_class=tiny.tokenizer(),
        peft_config=LoraConfig(r=8, lora_alpha=16, target_modules=["q_proj", "v_proj", "up_proj", "down_proj"]),
        callbacks=callbacks,
    )


def dpo(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """Preferences, a few of them swapped."""
    model = _pretrained(folder, seed, size)
    return DPOTrainer(
        model=model,
        ref_model=copy.deepcopy(model),
        args=_trl(folder, seed, DPOConfig, learning_rate=3e-4, beta=0.1),
        train_dataset=tiny.preferences(1200, seed),
        eval_dataset=tiny.preferences(48, seed + 100),
        processing_class=tiny.tokenizer(),
        callbacks=callbacks,
    )


def reward(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """A reward model on the same preferences."""
    model = tiny.qwen2_classifier(seed, size, labels=1)
    rows, held_out = tiny.preferences(1200, seed), tiny.preferences(48, seed + 100)
    return RewardTrainer(
        model=model,
        args=_trl(folder, seed, RewardConfig, learning_rate=1e-3),
        train_dataset=rows,
        eval_dataset=held_out,
        processing_class=tiny.tokenizer(),
        callbacks=callbacks,
    )


def classification(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """A classifier with a few wrong labels."""
    return tiny.trainer(
        folder,
        model=tiny.qwen2_classifier(seed, size, labels=2),
        rows=tiny.classified(1200, seed, noise=0.1),
        evaluation=tiny.classified(64, seed + 100, noise=0.1),
        callbacks=callbacks,
        seed=seed,
        max_steps=_STEPS,
        learning_rate=1e-3,
    )


def _language_model(folder: Path, seed: int, size: int, callbacks: list[Any], **options: Any) -> Trainer:
    """Returns a Trainer of a GPT-2 on the language, with an evaluation."""
    rows, evaluation = tiny.language_rows(1600, seed), tiny.language_rows(64, seed + 100)
    options = {"max_steps": _STEPS, **options}
    return tiny.language_trainer(folder, seed, size, callbacks, rows=rows, evaluation=evaluation, **options)


def from_scratch(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """A language model from fresh weights, with warm-up and a cosine."""
    return _language_model(folder, seed, size, callbacks, warmup_steps=15, lr_scheduler_type="cosine", max_steps=240)


class _Resumed(Trainer):
    """Goes on from the checkpoint that it saved first."""

    def train(self, *_: Any, **__: Any) -> Any:
        first = f"checkpoint-{int(self.args.save_steps)}"
        return super().train(resume_from_checkpoint=str(Path(self.args.output_dir) / first))


def _resumed(folder: Path, seed: int, size: int, callbacks: list[Any], **options: Any) -> Trainer:
    """Returns a Trainer that goes on where another, which nobody watched, has saved first and stopped."""
    options = {"save_strategy": "steps", **options}
    first = _language_model(folder, seed, size, [_StopAt(options["save_steps"])], **options)
    first.train()
    return _language_model(folder, seed, size, callbacks, kind=_Resumed, **options)


def resume(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """The second half of a training."""
    return _resumed(folder, seed, size, callbacks, save_steps=80)


class _StopAt(TrainerCallback):
    """Ends a training at a step."""

    def __init__(self, step: int) -> None:
        self._step = step

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Ends it, if it is that step."""
        control.should_training_stop = state.global_step >= self._step


def late_resume(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """The last fifth of a training, when there is little left to learn."""
    return _resumed(folder, seed, size, callbacks, save_steps=320, max_steps=400, learning_rate=5e-3)


def constant(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """A learning rate that is meant to stand still."""
    return _language_model(folder, seed, size, callbacks, lr_scheduler_type="constant")


def restarts(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """A cosine with three restarts, each of which shakes the loss."""
    cycles = {"lr_scheduler_kwargs": {"num_cycles": 3}, "warmup_steps": 10}
    return _language_model(folder, seed, size, callbacks, lr_scheduler_type="cosine_with_restarts", **cycles)


def small_batch(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """One sample at a time."""
    return _language_model(folder, seed, size, callbacks, per_device_train_batch_size=1, learning_rate=1e-3)


def long_warmup(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """Half of the run is warm-up."""
    return _language_model(folder, seed, size, callbacks, warmup_steps=80)


def accumulation(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """Four micro-batches a step, logged every tenth step, clipped hard."""
    accumulate = {"gradient_accumulation_steps": 4, "per_device_train_batch_size": 4, "logging_steps": 10}
    return _language_model(folder, seed, size, callbacks, max_grad_norm=0.3, **accumulate)


def regression(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """A regression on small targets, whose loss and gradients are tiny by nature."""
    torch.manual_seed(seed)
    model = tiny.qwen2_classifier(seed, size, labels=1)
    model.config.problem_type = "regression"
    rows = [
        {"input_ids": row["input_ids"], "labels": 0.02 * (row["input_ids"][:4].float().mean() / 24 - 1)}
        for row in tiny.language_rows(1200, seed)
    ]
    return tiny.trainer(
        folder, model=model, rows=rows, callbacks=callbacks, seed=seed, max_steps=_STEPS, learning_rate=1e-3
    )


def _prefers_low_words(completions: list[str], **_: Any) -> list[float]:
    """Returns, for each answer, the share of its words from the first half of the vocabulary."""
    words = [[int(word[1:]) for word in answer.split() if word[1:].isdigit()] for answer in completions]
    return [sum(number < tiny.VOCABULARY // 2 for number in row) / max(1, len(row)) for row in words]


def grpo(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """A policy, whose loss hovers around 0."""
    return GRPOTrainer(
        model=_pretrained(folder, seed, size),
        reward_funcs=_prefers_low_words,
        args=_grpo_config(folder, seed),
        train_dataset=tiny.preferences(400, seed).select_columns(["prompt"]),
        processing_class=tiny.tokenizer(),
        callbacks=callbacks,
    )


def _grpo_config(folder: Path, seed: int) -> GRPOConfig:
    arguments = tiny.common(folder, max_steps=60, seed=seed, bf16=False, learning_rate=1e-3)
    return GRPOConfig(**arguments, num_generations=4, max_completion_length=8, gradient_checkpointing=False)


HEALTHY: dict[str, Prepare] = {
    "SFT": sft,
    "LoRA": lora,
    "DPO": dpo,
    "GRPO": grpo,
    "Reward": reward,
    "classification": classification,
    "from scratch": from_scratch,
    "resume": resume,
    "late resume": late_resume,
    "constant schedule": constant,
    "cosine with restarts": restarts,
    "batch of one": small_batch,
    "long warm-up": long_warmup,
    "gradient accumulation": accumulation,
    "small targets": regression,
}
