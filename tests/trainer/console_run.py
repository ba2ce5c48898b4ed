"""A training with the Trainer's own bar on, for a terminal, a file and a notebook to show."""

from __future__ import annotations

import sys
import time
from typing import Any

import torch
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    PrinterCallback,
    ProgressCallback,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)
from transformers.utils import logging

from verbose_logging import VerboseLoggingCallback

logging.set_verbosity_error()
logging.disable_progress_bar()  # that of files
torch.set_num_threads(1)
torch.manual_seed(0)


class QuietBar(ProgressCallback):
    """The Trainer's bar, without the dictionary that it prints at every log."""

    def on_log(self, *_: Any, **__: Any) -> None:
        """Prints nothing."""


class Pause(TrainerCallback):
    """Makes steps long enough for the bar to be drawn between them."""

    def on_step_begin(self, *_: Any, **__: Any) -> None:
        """Waits a little."""
        time.sleep(0.03)


rows = [{"input_ids": row, "labels": row} for row in torch.randint(0, 50, (64, 8))]
model = GPT2LMHeadModel(GPT2Config(vocab_size=50, n_positions=8, n_embd=16, n_layer=1, n_head=2))
callback = VerboseLoggingCallback("high", alerts={"high_memory": {"above": 0.001}}, progress_percent=10)
trainer = Trainer(
    model=model,
    args=TrainingArguments(
        output_dir="out",
        max_steps=30,
        per_device_train_batch_size=4,
        logging_steps=1,
        eval_strategy="steps",
        eval_steps=10,
        save_steps=15,
        report_to="none",
        use_cpu=True,
        disable_tqdm=not sys.stderr.isatty() and "ipykernel" not in sys.modules,
    ),
    train_dataset=rows,
    eval_dataset=rows[:32],
    callbacks=[callback, Pause()],
)
trainer.remove_callback(PrinterCallback)
if trainer.pop_callback(ProgressCallback) is not None:
    trainer.add_callback(QuietBar)
trainer.train()
callback.close()
