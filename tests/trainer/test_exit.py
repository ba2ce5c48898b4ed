"""Runs that end without `on_train_end`: the log still says how."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.trainer

SCRIPT = """
import sys, torch
from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainerCallback, TrainingArguments
from verbose_logging import VerboseLoggingCallback

class Ends(TrainerCallback):
    def on_step_end(self, args, state, control, **kwargs):
        if state.global_step == 3:
            {ending}

model = GPT2LMHeadModel(GPT2Config(vocab_size=20, n_positions=8, n_embd=8, n_layer=1, n_head=1))
rows = [dict(input_ids=torch.arange(8), labels=torch.arange(8)) for _ in range(16)]
args = TrainingArguments("out", max_steps=9, logging_steps=1, report_to="none", use_cpu=True, disable_tqdm=True,
                         save_strategy="no", hub_token="hf_abcdefghijklmnopqrstuvwxyz0123")
Trainer(model, args, train_dataset=rows, callbacks=[VerboseLoggingCallback("high", console="off"), Ends()]).train()
"""


@pytest.mark.parametrize(
    ("ending", "entry_type", "exception", "status"),
    [
        ("raise ValueError('token hf_abcdefghijklmnopqrstuvwxyz0123 is bad')", "training_failed", "ValueError", 1),
        ("raise KeyboardInterrupt", "training_interrupted", "KeyboardInterrupt", None),
        ("sys.exit(7)", "training_interrupted", "SystemExit", 7),
    ],
)
def test_last_line_says_how_it_ended(
    ending: str, entry_type: str, exception: str, status: int | None, tmp_path: Path
) -> None:
    """An exception, Ctrl-C and sys.exit leave their entry behind all steps; the exit status stays what it was."""
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(ending=ending)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    text = (tmp_path / "verbose_training_logs.jsonl").read_text(encoding="utf-8")
    last = json.loads(text.splitlines()[-1])

    assert (entry_type, exception, 3) == (last["type"], last["exception"]["type"], last["step"])
    assert status is None or status == run.returncode
    assert 0 != run.returncode
    assert "hf_abcdefghijklmnopqrstuvwxyz0123" not in text
