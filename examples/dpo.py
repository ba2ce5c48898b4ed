"""TRL's DPOTrainer with the recorder on: right sums are preferred to wrong ones, on the CPU, in seconds.

Run it: python examples/dpo.py
Then look: verbose-logging show
"""

from __future__ import annotations

from datasets import Dataset
from tokenizers import Tokenizer, decoders, models
from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM
from trl import DPOConfig, DPOTrainer

from verbose_logging import VerboseLoggingCallback

sums = [(a, b) for a in range(10) for b in range(10)]
rows = [{"prompt": f"{a}+{b}=", "chosen": f"{a + b}", "rejected": f"{a + b + 1}"} for a, b in sums]

pieces = ["<pad>", "<end>", *"0123456789+="]
characters = Tokenizer(models.BPE({piece: number for number, piece in enumerate(pieces)}, []))
characters.decoder = decoders.Fuse()
tokenizer = PreTrainedTokenizerFast(tokenizer_object=characters, pad_token="<pad>", eos_token="<end>")
config = Qwen2Config(
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
model, reference = Qwen2ForCausalLM(config), Qwen2ForCausalLM(config)
reference.load_state_dict(model.state_dict())

trainer = DPOTrainer(
    model=model,
    ref_model=reference,
    args=DPOConfig(
        output_dir="out",
        max_steps=30,
        max_length=16,
        per_device_train_batch_size=8,
        learning_rate=1e-3,
        logging_steps=1,
        save_strategy="no",
        bf16=False,
        report_to="none",
    ),
    train_dataset=Dataset.from_list(rows),
    processing_class=tokenizer,
    callbacks=[VerboseLoggingCallback("high")],  # rewards/margins and the like stand in each step's metrics
)
trainer.train()
