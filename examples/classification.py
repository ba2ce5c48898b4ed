"""Classification with transformers' Trainer and the recorder on: is a sequence sorted? On the CPU, in seconds.

Run it: python examples/classification.py
Then look: verbose-logging show
"""

from __future__ import annotations

import torch
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    EvalPrediction,
    PrinterCallback,
    Trainer,
    TrainingArguments,
)

from verbose_logging import VerboseLoggingCallback

torch.manual_seed(0)
mixed = torch.randint(2, 50, (400, 8))
sequences = torch.cat([mixed, mixed.sort(dim=1).values])
rows = [{"input_ids": row, "labels": int(number >= len(mixed))} for number, row in enumerate(sequences)]
order = torch.randperm(len(rows)).tolist()
train_rows, test_rows = [rows[i] for i in order[80:]], [rows[i] for i in order[:80]]


def accuracy(outcome: EvalPrediction) -> dict[str, float]:
    """Returns the share of rows that were told apart rightly."""
    return {"accuracy": float((outcome.predictions.argmax(-1) == outcome.label_ids).mean())}


trainer = Trainer(
    model=BertForSequenceClassification(
        BertConfig(
            vocab_size=50,
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=64,
            max_position_embeddings=8,
            num_labels=2,
        )
    ),
    args=TrainingArguments(
        output_dir="out",
        num_train_epochs=3,
        per_device_train_batch_size=16,
        learning_rate=2e-3,
        eval_strategy="epoch",
        logging_strategy="epoch",
        save_strategy="no",
        disable_tqdm=True,
        report_to="none",
    ),
    train_dataset=train_rows,
    eval_dataset=test_rows,
    compute_metrics=accuracy,
    callbacks=[VerboseLoggingCallback("high")],
)
trainer.remove_callback(PrinterCallback)  # the recorder's console says it better
trainer.train()
