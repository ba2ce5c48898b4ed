"""What a run with the recorder costs altogether: a real Trainer and an SFTTrainer, with it on and off in turns.

Callback and taps are taken out and put back between blocks of steps of one and the same run, so that weights, data and
machine are the same. Short blocks see the hooks and the taps. Blocks of 150 steps are longer than the recorder's thread
sleeps, so that its work, too, falls into the blocks that caused it. Each block is compared with the mean of its two
neighbours; the spread is that of the blocks.

Beside `high` stand an empty callback, which is what any callback costs, and what would be left if another process
recorded: the thread settles the facts and encodes them, as it would to send them, and does nothing else.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import torch
import transformers
from datasets import Dataset
from rich.table import Table
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForCausalLM,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)
from trl import SFTConfig, SFTTrainer

from benchmarks.overhead import silence
from benchmarks.subjects import Empty
from benchmarks.tables import show
from verbose_logging import VerboseLoggingCallback
from verbose_logging.capture.recordings import Recordings
from verbose_logging.entries import Entry
from verbose_logging.facts import Fact
from verbose_logging.session import Session

SHORT_BLOCK, LONG_BLOCK = 10, 150
_WARM_UP_STEPS = 50
_TAPPED = ("training_step", "_get_grad_norm")
_WORDS = ["<pad>", "<eos>", *(f"word{number}" for number in range(200))]
_ARGUMENTS: dict[str, Any] = {
    "per_device_train_batch_size": 4, "logging_steps": 1, "report_to": "none", "use_cpu": True, "disable_tqdm": True,
    "save_strategy": "no", "bf16": False,
}  # fmt: skip

_encoder = msgspec.json.Encoder()

_SFT_ARGUMENTS: dict[str, Any] = {"max_length": 32, "gradient_checkpointing": False}

MakeTrainer = Callable[[Path, int, list[TrainerCallback]], Trainer]


class Seconds(NamedTuple):
    """What a block took: on the clock, and of the processor, all threads together."""

    wall: float
    cpu: float


def _clocks() -> Seconds:
    return Seconds(time.perf_counter(), time.process_time())


class Elsewhere(VerboseLoggingCallback):
    """Records nothing: as if its facts were sent to another process."""

    def __init__(self, **options: Any) -> None:
        super().__init__("high", **options)
        session = partial(Session, handle=_encoded)
        self._recordings = Recordings(self.settings, self._hook_record, make_session=session)


def _encoded(fact: Fact) -> list[Entry]:
    _encoder.encode(fact)
    return []


NOISE = "none: the noise"
_SUBJECTS: dict[str, Callable[..., TrainerCallback] | None] = {
    NOISE: None,
    "an empty callback": lambda **_: Empty(),
    "high": partial(VerboseLoggingCallback, "high"),
    "high, recorded elsewhere": Elsewhere,
}


class Switch(TrainerCallback):
    """Takes a subject out of a Trainer and puts it back, every so many steps, and times the blocks.

    Args:
        subject: What is switched; `None` to switch nothing, for the noise.
        block: Steps of a block.
    """

    def __init__(self, subject: TrainerCallback | None, block: int) -> None:
        self.trainer: Trainer | None = None
        self.blocks: list[Seconds] = []
        self._subject = subject
        self._block = block
        self._taps: dict[str, Any] = {}
        self._began = _clocks()

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Ends a block and begins the next: even ones with the subject, odd ones without."""
        steps = state.global_step - _WARM_UP_STEPS
        if steps < 0 or steps % self._block:
            return
        if steps:
            self.blocks.append(Seconds(*(now - began for now, began in zip(_clocks(), self._began, strict=True))))
        if self._subject is not None and self.trainer is not None:
            self._turn(self.trainer, on=steps // self._block % 2 == 0)
        self._began = _clocks()

    def _turn(self, trainer: Trainer, *, on: bool) -> None:
        callbacks = trainer.callback_handler.callbacks
        if on and self._subject not in callbacks:
            callbacks.append(self._subject)
            trainer.__dict__.update(self._taps)
        elif not on and self._subject in callbacks:
            callbacks.remove(self._subject)
            self._taps = {name: trainer.__dict__.pop(name) for name in _TAPPED if name in trainer.__dict__}


def plain_trainer(folder: Path, steps: int, callbacks: list[TrainerCallback]) -> Trainer:
    """Returns a Trainer with a GPT-2 of a few milliseconds a step."""
    rows = torch.randint(0, 256, (256, 32), generator=torch.Generator().manual_seed(1))
    config = GPT2Config(vocab_size=256, n_positions=32, n_embd=64, n_layer=3, n_head=2, bos_token_id=0, eos_token_id=0)
    return Trainer(
        model=GPT2LMHeadModel(config),
        args=TrainingArguments(**{**_ARGUMENTS, "output_dir": str(folder), "max_steps": steps}),
        train_dataset=[{"input_ids": row, "labels": row} for row in rows],
        callbacks=callbacks,
    )


def sft_trainer(folder: Path, steps: int, callbacks: list[TrainerCallback]) -> Trainer:
    """Returns an SFTTrainer with a Qwen2 of about ten milliseconds a step."""
    words = Tokenizer(models.WordLevel({word: number for number, word in enumerate(_WORDS)}, unk_token=_WORDS[0]))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    config = Qwen2Config(
        hidden_size=32, intermediate_size=64, num_hidden_layers=3, num_attention_heads=2, num_key_value_heads=2,
        vocab_size=len(_WORDS), max_position_embeddings=64, pad_token_id=0, bos_token_id=1, eos_token_id=1,
    )  # fmt: skip
    texts = [" ".join(_WORDS[2 + (row * step) % 200] for step in range(1, 25)) for row in range(1, 257)]
    return SFTTrainer(
        model=Qwen2ForCausalLM(config),
        args=SFTConfig(**{**_ARGUMENTS, **_SFT_ARGUMENTS, "output_dir": str(folder), "max_steps": steps}),
        train_dataset=Dataset.from_dict({"text": texts}),
        processing_class=PreTrainedTokenizerFast(tokenizer_object=words, pad_token=_WORDS[0], eos_token=_WORDS[1]),
        callbacks=callbacks,
    )


def overheads(make: MakeTrainer, *, block: int, pairs: int, name: str) -> tuple[float, Seconds, list[float]]:
    """Returns a step's milliseconds without the subject, the median overheads, and each block's, in percent.

    Args:
        make: Makes the Trainer.
        block: Steps of a block.
        pairs: How many blocks have the subject.
        name: A key of `_SUBJECTS`.
    """
    steps = _WARM_UP_STEPS + block * 2 * (pairs + 1)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place, silence():
        make_subject = _SUBJECTS[name]
        subject = make_subject and make_subject(log_file=str(Path(place) / "log.jsonl"), console="off")
        switch = Switch(subject, block)
        switch.trainer = make(Path(place), steps, [switch, *([subject] if subject else [])])
        switch.trainer.train()
        if isinstance(subject, VerboseLoggingCallback):
            subject.close()
    wall, cpu = (_percent(series) for series in zip(*switch.blocks, strict=True))
    step_ms = 1e3 * statistics.median(each.wall for each in switch.blocks[1::2]) / block
    return step_ms, Seconds(statistics.median(wall), statistics.median(cpu)), wall


def _percent(blocks: Sequence[float]) -> list[float]:
    """Returns how much more each block with the subject took than the mean of the two without beside it."""
    on, off = blocks[2::2], blocks[1::2]  # the first block has one neighbour only
    return [
        100 * (with_it / statistics.fmean(beside) - 1)
        for with_it, beside in zip(on, itertools.pairwise(off), strict=True)
    ]


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    torch.set_num_threads(1)
    transformers.utils.logging.set_verbosity_error()
    table = Table("trainer", "recorder", "block", "step without", "overhead", "half of the blocks", "CPU overhead")
    table.title = "End to end: the recorder's share of a step, on and off in turns"
    for trainer, make in {"Trainer": plain_trainer, "SFTTrainer": sft_trainer}.items():
        for block, pairs in ((SHORT_BLOCK, 10 if quick else 50), (LONG_BLOCK, 3 if quick else 10)):
            for name in _SUBJECTS:
                step_ms, median, wall = overheads(make, block=block, pairs=pairs, name=name)
                low, _, high = statistics.quantiles(wall, n=4)
                table.add_row(
                    trainer, name, f"{block} steps", f"{step_ms:.1f} ms", f"{median.wall:+.2f} %",
                    f"{low:+.2f} to {high:+.2f} %", f"{median.cpu:+.2f} %",
                )  # fmt: skip
    show(table)


if __name__ == "__main__":
    main()
