"""A transformers Trainer with the recorder on, on the CPU, in a few seconds.

Run it: python examples/trainer.py
Then look: verbose-logging show
"""

from __future__ import annotations

import torch
from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainingArguments

from verbose_logging import VerboseLoggingCallback

model = GPT2LMHeadModel(
    GPT2Config(vocab_size=50, n_positions=16, n_embd=32, n_layer=2, n_head=2, bos_token_id=0, eos_token_id=0)
)
rows = [{"input_ids": row, "labels": row} for row in torch.arange(16).repeat(64, 1)]

trainer = Trainer(
    model=model,
    args=TrainingArguments(output_dir="out", max_steps=30, logging_steps=10, report_to="none", save_strategy="no"),
    train_dataset=rows,
    callbacks=[VerboseLoggingCallback("high")],
)
trainer.train()
