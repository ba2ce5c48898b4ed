"""Data-parallel training in two processes on one CPU, with a log for each rank.

Run it: torchrun --standalone --nproc_per_node=2 examples/two_processes.py
Then look: verbose-logging show verbose_training_logs.jsonl
           verbose-logging show verbose_training_logs.rank00001.jsonl
"""

from __future__ import annotations

import torch
from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainingArguments

from verbose_logging import VerboseLoggingCallback

torch.set_num_threads(1)
model = GPT2LMHeadModel(
    GPT2Config(vocab_size=50, n_positions=16, n_embd=32, n_layer=2, n_head=2, bos_token_id=0, eos_token_id=0)
)
rows = [{"input_ids": row, "labels": row} for row in torch.arange(16).repeat(64, 1)]

trainer = Trainer(
    model=model,
    args=TrainingArguments(
        output_dir="out",
        max_steps=10,
        logging_steps=1,
        report_to="none",
        save_strategy="no",
        use_cpu=True,  # two processes then talk over gloo
    ),
    train_dataset=rows,
    callbacks=[VerboseLoggingCallback("high", all_ranks=True)],  # without it, rank 0 alone records
)
trainer.train()
if torch.distributed.is_initialized():
    torch.distributed.destroy_process_group()
