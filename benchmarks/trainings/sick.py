"""Trainings with one thing wrong, each with the names that fit and the step from which on it can be seen."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import torch
from transformers import Trainer, TrainerCallback

from benchmarks.trainings import tiny

Prepare = Callable[[Path, int, int, list[Any]], Trainer]


class Sick(NamedTuple):
    """A kind of sick training.

    Args:
        prepare: Makes its Trainer from a folder, a seed, a size of 0 to 2 and the callbacks.
        names: The findings that name what is wrong; the first is the one that fits best.
        onset: The step from which on the trouble can be seen by somebody who looks at every number. What the names
            mean takes some steps by itself: "flat for 50 steps" begins to be true after 50. -1 for the evaluation after
            the best one.
        within_seconds: The time from the start in which it must be found, for what goes by the clock; else 50 steps.
    """

    prepare: Prepare
    names: tuple[str, ...]
    onset: int = 1
    within_seconds: float | None = None


def rate_too_high(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """A learning rate a thousand times too high."""
    return tiny.trainer(
        folder,
        model=tiny.gpt2(seed, size),
        rows=tiny.language_rows(1000, seed),
        callbacks=callbacks,
        seed=seed,
        learning_rate=3.0,
        max_grad_norm=100.0,
    )


class _Overflowing(Trainer):
    """Computes one layer in fp16 at a scale that grows, until its values do not fit any more."""

    def compute_loss(self, model: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        scale = 10.0 * 1.25**self.state.global_step

        def through_half(_module: Any, _inputs: Any, output: torch.Tensor) -> torch.Tensor:
            return (output * scale).half().float() / scale

        hook = model.transformer.ln_f.register_forward_hook(through_half)
        try:
            return super().compute_loss(model, inputs, *args, **kwargs)
        finally:
            hook.remove()


def overflow(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """Values that overflow in half precision at about step 35."""
    model, rows = tiny.gpt2(seed, size), tiny.language_rows(1000, seed)
    return tiny.trainer(folder, model=model, rows=rows, callbacks=callbacks, seed=seed, kind=_Overflowing, max_steps=70)


class _Weighted(Trainer):
    """Divides a batch's loss by the sum of its samples' weights."""

    def compute_loss(self, model: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        weights = inputs.pop("weight")
        loss = super().compute_loss(model, inputs, *args, **kwargs)
        return loss * weights.sum() / weights.sum()


def bad_batch(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """One batch of 0/0 at step 25."""
    rows = [row | {"weight": torch.tensor(1.0)} for row in tiny.language_rows(800, seed)]
    for row in rows[24 * 8 : 25 * 8]:
        row["weight"] = torch.tensor(0.0)
    return _in_order(folder, seed, size, callbacks, rows, kind=_Weighted, remove_unused_columns=False, max_steps=60)


class _InOrder(_Weighted):
    """Takes the samples as they lie."""

    def _get_train_sampler(self, *_: Any, **__: Any) -> Any:
        return torch.utils.data.SequentialSampler(self.train_dataset)


class _PlainInOrder(Trainer):
    """Takes the samples as they lie."""

    def _get_train_sampler(self, *_: Any, **__: Any) -> Any:
        return torch.utils.data.SequentialSampler(self.train_dataset)


def _in_order(  # noqa: PLR0913 - passed on
    folder: Path, seed: int, size: int, callbacks: list[Any], rows: Any, *, kind: type[Trainer], **options: Any
) -> Trainer:
    ordered = _InOrder if kind is _Weighted else _PlainInOrder
    model = tiny.gpt2(seed, size)
    return tiny.trainer(folder, model=model, rows=rows, callbacks=callbacks, seed=seed, kind=ordered, **options)


def vanishing(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """A stack of layers with weights too small and no way around them."""
    torch.manual_seed(seed)
    width = 8 * (size + 1)
    inputs = torch.randn(800, width)
    rows = [{"inputs": row, "labels": (row.sum() > 0).long()} for row in inputs]
    model = tiny.DeepTanh(depth=8 + 4 * size, width=width)
    return tiny.trainer(folder, model=model, rows=rows, callbacks=callbacks, seed=seed, learning_rate=1e-3)


def dead_rate(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """A learning rate of next to nothing, as from a slip in the exponent."""
    model, rows = tiny.gpt2(seed, size), tiny.language_rows(1000, seed)
    return tiny.trainer(folder, model=model, rows=rows, callbacks=callbacks, seed=seed, learning_rate=3e-10)


def frozen(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """Every parameter frozen, and nothing added that could learn."""
    model = tiny.gpt2(seed, size)
    model.requires_grad_(False)
    return tiny.trainer(folder, model=model, rows=tiny.language_rows(200, seed), callbacks=callbacks, seed=seed)


class _Detached(Trainer):
    """Loses the graph on the way to the loss."""

    def compute_loss(self, model: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        loss = super().compute_loss(model, inputs, *args, **kwargs)
        return loss.detach() + 0.0 * sum(parameter.sum() for parameter in model.parameters())


def cut_graph(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """A loss that is detached from the weights."""
    model, rows = tiny.gpt2(seed, size), tiny.language_rows(500, seed)
    return tiny.trainer(folder, model=model, rows=rows, callbacks=callbacks, seed=seed, kind=_Detached, max_steps=60)


def masked(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """Labels that are all -100, as from a response template that is never found."""
    rows = tiny.language_rows(300, seed)
    for row in rows:
        row["labels"] = torch.full_like(row["labels"], -100)
    return tiny.trainer(folder, model=tiny.gpt2(seed, size), rows=rows, callbacks=callbacks, seed=seed, max_steps=30)


def overfitted(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """Twenty-four samples, learned by heart, with an evaluation on others."""
    return tiny.trainer(
        folder,
        model=tiny.qwen2(seed, size),
        rows=tiny.language_rows(24, seed),
        evaluation=tiny.language_rows(64, seed + 100),
        callbacks=callbacks,
        seed=seed,
        max_steps=240,
        learning_rate=(1e-2, 5e-3, 3e-3)[size],
    )


def label_noise(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """Labels that are drawn by lot, in training and in evaluation."""
    return tiny.trainer(
        folder,
        model=tiny.qwen2_classifier(seed, size, labels=2),
        rows=tiny.classified(64, seed, noise=1.0),
        evaluation=tiny.classified(64, seed + 100, noise=1.0),
        callbacks=callbacks,
        seed=seed,
        max_steps=240,
        learning_rate=(1e-2, 5e-3, 3e-3)[size],
    )


def corrupt_batch(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """One batch of noise at step 150, when the language is known."""
    rows = [{"input_ids": row, "labels": row} for row in (_cycle(start) for start in range(8 * 200))]
    torch.manual_seed(seed)
    for row in rows[149 * 8 : 150 * 8]:
        row["input_ids"] = row["labels"] = torch.randint(2, tiny.VOCABULARY, (tiny.LENGTH,))
    rate = (1e-2, 5e-3, 5e-3)[size]
    return _in_order(
        folder, seed, size, callbacks, rows, kind=Trainer, max_steps=180, learning_rate=rate, warmup_steps=10
    )


def _cycle(start: int) -> torch.Tensor:
    """Returns words that follow each other without a choice."""
    return torch.tensor([2 + (5 * start + place) % (tiny.VOCABULARY - 2) for place in range(tiny.LENGTH)])


class _SlowRows(torch.utils.data.Dataset):  # type: ignore[type-arg]
    """Takes its time over each sample, as a network's disk does."""

    def __init__(self, rows: list[tiny.Row], seconds: float) -> None:
        self._rows = rows
        self._seconds = seconds

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, place: int) -> tiny.Row:
        time.sleep(self._seconds)
        return self._rows[place]


def slow_loader(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """Samples that take 5 ms or more each."""
    rows = _SlowRows(tiny.language_rows(500, seed), 0.005 * (1 + size))
    return tiny.trainer(folder, model=tiny.gpt2(seed, size), rows=rows, callbacks=callbacks, seed=seed, max_steps=50)


class _Growing(Trainer):
    """Keeps what it has seen and goes through all of it at every step."""

    _wait_seconds = 0.002

    def training_step(self, *args: Any, **kwargs: Any) -> Any:
        time.sleep(self._wait_seconds * max(0, self.state.global_step - 40))
        return super().training_step(*args, **kwargs)


def creep(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """Steps that take 2 ms longer each, from step 40 on."""
    model, rows = tiny.gpt2(seed, size), tiny.language_rows(1000, seed)
    return tiny.trainer(folder, model=model, rows=rows, callbacks=callbacks, seed=seed, kind=_Growing)


class _Leak(TrainerCallback):
    """Keeps 20 MB per step, and ends the run after 30 s."""

    def __init__(self) -> None:
        self._kept: list[bytearray] = []
        self._began = time.monotonic()

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Keeps a little more."""
        if time.monotonic() - self._began < 28:  # noqa: PLR2004 - seconds
            self._kept.append(bytearray(b"x") * 2_000_000)
            time.sleep(0.05)
        else:
            control.should_training_stop = True


def leak(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """A list that grows, in a run of a million steps."""
    model, rows = tiny.gpt2(seed, size), tiny.language_rows(1000, seed)
    watched = [*callbacks, _Leak()]
    return tiny.trainer(folder, model=model, rows=rows, callbacks=watched, seed=seed, max_steps=1_000_000)


def padding(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """Sentences of 12 words in rows of 60."""
    rows = []
    for row in tiny.sentences(500, seed):
        ids = torch.tensor(row[:12] + [0] * 48)
        mask = torch.tensor([1] * 12 + [0] * 48)
        rows.append({"input_ids": ids, "attention_mask": mask, "labels": ids.masked_fill(mask == 0, -100)})
    return tiny.trainer(folder, model=tiny.gpt2(seed, size), rows=rows, callbacks=callbacks, seed=seed, max_steps=50)


def over_schedule(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """A schedule that is built for a third of the steps."""
    model = tiny.gpt2(seed, size)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: max(0.0, 1 - step / 40))
    rows = tiny.language_rows(1000, seed)
    return tiny.trainer(
        folder, model=model, rows=rows, callbacks=callbacks, seed=seed, optimizers=(optimizer, schedule), max_steps=100
    )


def rate_jumps(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """A schedule that multiplies the rate by a thousand at step 60, without clipping."""
    model = tiny.gpt2(seed, size)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1000.0 if step >= 60 else 1.0)  # noqa: PLR2004
    chosen: dict[str, Any] = {"optimizers": (optimizer, schedule), "max_steps": 100, "max_grad_norm": 1e9}
    rows = tiny.language_rows(1000, seed)
    return tiny.trainer(folder, model=model, rows=rows, callbacks=callbacks, seed=seed, **chosen)


class _NoSchedule(TrainerCallback):
    """Keeps the scheduler from being stepped."""

    def on_train_begin(self, args: Any, state: Any, control: Any, lr_scheduler: Any = None, **kwargs: Any) -> None:
        """Makes the scheduler's step do nothing."""
        lr_scheduler.step = lambda *_: None


def stuck_schedule(folder: Path, seed: int, size: int, callbacks: list[Any]) -> Trainer:
    """A linear schedule that nobody steps."""
    model, rows = tiny.gpt2(seed, size), tiny.language_rows(1000, seed)
    watched = [_NoSchedule(), *callbacks]
    return tiny.trainer(folder, model=model, rows=rows, callbacks=watched, seed=seed, max_steps=60)


SICK: dict[str, Sick] = {
    "rate too high": Sick(rate_too_high, ("divergence", "exploding_gradients", "loss_spike", "nonfinite_loss")),
    "NaN by overflow": Sick(overflow, ("nonfinite_loss",), onset=30),
    "NaN from a bad batch": Sick(bad_batch, ("nonfinite_loss",), onset=25),
    "vanishing by depth": Sick(vanishing, ("vanishing_gradients",)),
    "dead learning rate": Sick(dead_rate, ("not_learning",), onset=50),
    "frozen model": Sick(frozen, ("nothing_trainable",), onset=0),
    "graph cut": Sick(cut_graph, ("zero_gradient",)),
    "labels masked": Sick(masked, ("labels_masked",)),
    "tiny set overfitted": Sick(overfitted, ("overfitting", "memorising"), onset=-1),
    "label noise": Sick(label_noise, ("overfitting", "not_learning"), onset=-1),
    "one corrupt batch": Sick(corrupt_batch, ("loss_spike",), onset=150),
    "slow loader": Sick(slow_loader, ("data_starvation",)),
    "step-time creep": Sick(creep, ("slow_steps",), onset=50),
    "leak in Python": Sick(leak, ("memory_leak",), within_seconds=25.0),
    "padding of 80%": Sick(padding, ("padding_waste",)),
    "rate jumps": Sick(rate_jumps, ("exploding_gradients", "loss_spike", "divergence", "nonfinite_loss"), onset=61),
    "schedule not stepped": Sick(stuck_schedule, ("stuck_learning_rate",)),
    "schedule too short": Sick(over_schedule, ("zero_learning_rate",), onset=41),
}
