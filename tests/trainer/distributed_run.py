"""Trains on two gloo processes with uneven token counts, and notes what each rank knows to be true.

Run by `test_distributed.py` under `torch.distributed.run`; the arguments are a folder, the Trainer's logging_steps,
and what the loss is a mean over: the labels of "all" ranks, or each rank's "own".
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import torch
from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainingArguments

from verbose_logging import VerboseLoggingCallback

FOLDER, LOGGING_STEPS, MEAN_OVER = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
torch.set_num_threads(1)
torch.manual_seed(0)

truths: list[dict[str, float]] = []


class Measuring(Trainer):
    """Measures each step's own mean loss and token count by itself, before the step changes the weights."""

    def training_step(self, model: Any, inputs: Any, num_items_in_batch: Any = None) -> Any:
        """Measures, then trains."""
        with torch.no_grad():
            own = self.accelerator.unwrap_model(model).eval()(**inputs)
        labels = inputs["labels"]
        counts = {"loss_tokens": int((labels[:, 1:] != -100).sum()), "labels": int((labels != -100).sum())}
        returned = super().training_step(model, inputs, num_items_in_batch)
        truths.append({"loss": float(own.loss), "returned": float(returned), **counts})
        return returned


config = GPT2Config(
    vocab_size=50, n_positions=16, n_embd=16, n_layer=1, n_head=2, resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0
)
rows = []
for number in range(32):
    ids = torch.arange(16) * (number + 1) % 50
    labels = ids.clone()
    labels[: number % 13] = -100
    rows.append({"input_ids": ids, "labels": labels})

arguments = TrainingArguments(
    output_dir=str(FOLDER / "out"),
    max_steps=4,
    per_device_train_batch_size=2,
    logging_steps=LOGGING_STEPS,
    average_tokens_across_devices=MEAN_OVER == "all",
    report_to="none",
    use_cpu=True,
    disable_tqdm=True,
    save_strategy="no",
)
callback = VerboseLoggingCallback("high", log_file=str(FOLDER / "log.jsonl"), console="off", all_ranks=True)
trainer = Measuring(model=GPT2LMHeadModel(config), args=arguments, train_dataset=rows, callbacks=[callback])
trainer.train()
callback.close()
note = {"truths": truths, "history": trainer.state.log_history}
(FOLDER / f"rank{arguments.process_index}.json").write_text(json.dumps(note), encoding="utf-8")
