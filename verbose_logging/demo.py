"""The demo's training: a real fine-tune that is small enough for two cores and a minute.

Everything comes from this package and from a config, nothing from a network.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from verbose_logging.data import load_devils_dictionary

_VOCABULARY_SIZE = 2048
_MAX_LENGTH_TOKENS = 128


def demo_config(*, steps: int, level: str, log: Path) -> dict[str, Any]:
    """Returns the config of a small language model that learns The Devil's Dictionary.

    It evaluates every 50 steps and saves a checkpoint every 100; a run of fewer than 200 steps evaluates four times and
    saves twice.

    Args:
        steps: Optimizer steps.
        level: How much is recorded.
        log: The log; the checkpoints go beside it.

    Example:
        >>> demo_config(steps=200, level="high", log=Path("demo-run/log.jsonl"))["eval_steps"]
        50
    """
    return {
        "use_verbose_logging": True,
        "verbosity_level": level,
        "progress_percent": 10,  # one for each percent would bury the lines of the steps
        "log_file": str(log),
        "output_dir": str(log.parent),
        "model_name": _model(),
        "train_dataset": [{"text": entry["text"]} for entry in load_devils_dictionary()],
        "eval_fraction": 0.1,
        "max_steps": steps,
        "max_length": _MAX_LENGTH_TOKENS,
        "learning_rate": 4e-3,
        "lr_scheduler_type": "cosine",
        "warmup_steps": min(10, steps // 10),
        "logging_steps": 1,
        "eval_steps": min(50, max(1, steps // 4)),
        "save_steps": min(100, max(1, steps // 2)),
        "save_total_limit": 2,
        "seed": 1911,
        "bf16": False,
        "gradient_checkpointing": False,
    }


def _model() -> dict[str, Any]:
    """Returns the description of a Qwen2 of about 0.25 M parameters."""
    return {
        "architecture": "qwen2",
        "vocab_size": _VOCABULARY_SIZE,
        "hidden_size": 64,
        "intermediate_size": 256,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": _MAX_LENGTH_TOKENS,
        "tie_word_embeddings": True,
    }
