"""LoRA through `train_with_config`: a base model is trained, then an adapter on top of it, each with a log of its own.

Run it: python examples/lora.py
Then look: verbose-logging show lora/verbose_training_logs.jsonl
"""

from __future__ import annotations

from verbose_logging import train_with_config

base = train_with_config(
    {
        "use_verbose_logging": True,
        "log_file": "base/verbose_training_logs.jsonl",
        "output_dir": "base",
        "model_name": {
            "architecture": "qwen2",
            "hidden_size": 64,
            "intermediate_size": 128,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "vocab_size": 400,
        },
        "max_steps": 30,
        "per_device_train_batch_size": 16,
        "learning_rate": 4e-3,
    },
    train_dataset=[{"text": f"{a} plus {b} is {a + b}"} for a in range(20) for b in range(20)],
)

# In your own training `model_name` is a name on the hub, and "quantization": "4bit" keeps its weights small.
adapter = train_with_config(
    {
        "use_verbose_logging": True,
        "log_file": "lora/verbose_training_logs.jsonl",
        "output_dir": "lora",
        "model_name": str(base.model_path),
        "lora_r": 8,
        "lora_alpha": 16,
        "lora_dropout": 0.05,
        "max_steps": 30,
        "per_device_train_batch_size": 16,
        "learning_rate": 1e-2,
    },
    train_dataset=[{"prompt": f"{a} times {b} is", "completion": f" {a * b}"} for a in range(20) for b in range(20)],
)
print(f"base {base.metrics['train_loss']:.3f}, adapter {adapter.metrics['train_loss']:.3f}: {adapter.model_path}")
