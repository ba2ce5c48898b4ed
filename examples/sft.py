"""TRL's SFTTrainer with the recorder on: a small model learns to add, on the CPU, in seconds.

Run it: python examples/sft.py
Then look: verbose-logging show
"""

from __future__ import annotations

from datasets import Dataset
from tokenizers import Tokenizer, decoders, models
from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM
from trl import SFTConfig, SFTTrainer

from verbose_logging import VerboseLoggingCallback

texts = [f"{a} + {b} = {a + b}" for a in range(20) for b in range(20)]
rows = Dataset.from_dict({"text": texts}).train_test_split(test_size=0.1, seed=0)

pieces = ["<pad>", "<end>", *sorted(set("".join(texts)))]
characters = Tokenizer(models.BPE({piece: number for number, piece in enumerate(pieces)}, []))
characters.decoder = decoders.Fuse()
tokenizer = PreTrainedTokenizerFast(tokenizer_object=characters, pad_token="<pad>", eos_token="<end>")
model = Qwen2ForCausalLM(
    Qwen2Config(
        vocab_size=len(pieces),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        bos_token_id=None,
        eos_token_id=1,
        pad_token_id=0,
    )
)

trainer = SFTTrainer(
    model=model,
    args=SFTConfig(
        output_dir="out",
        max_steps=60,
        max_length=16,
        per_device_train_batch_size=16,
        learning_rate=4e-3,
        eval_strategy="steps",
        eval_steps=20,
        save_strategy="no",
        bf16=False,
        report_to="none",
    ),
    train_dataset=rows["train"],
    eval_dataset=rows["test"],
    processing_class=tokenizer,
    callbacks=[VerboseLoggingCallback("high")],
)
trainer.train()
