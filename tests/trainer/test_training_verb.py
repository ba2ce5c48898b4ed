"""`verbose-logging train`: what it says, with `--dry-run` too, and in two processes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.logs import read_lines
from tests.trainer.configs import GUIDE, QUICK
from verbose_logging.cli import main

pytestmark = pytest.mark.trainer


def test_the_command_line_trains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any) -> None:
    """The guide's config as YAML, two values from the command line, the outcome as JSON."""
    monkeypatch.chdir(tmp_path)
    Path("run.yaml").write_text(yaml.safe_dump(GUIDE).replace("0.0002", "2e-4"), encoding="utf-8")

    assert 0 == main(["train", "run.yaml", "--set", "max_steps=4", "--set", "gradient_accumulation_steps=1", "--json"])

    out, _ = capfd.readouterr()
    outcome = json.loads(out)
    assert (4, "complete", "results/final") == (outcome["steps"], outcome["summary"]["outcome"], outcome["model_path"])


def test_of_two_processes_one_speaks_and_writes(tmp_path: Path) -> None:
    """Under torchrun there is one plan, one base for the adapter and one log, and both processes end well."""
    keys = {"use_verbose_logging": True, "lora_r": 2, "use_cpu": True, "console": "off"}
    (tmp_path / "run.json").write_text(json.dumps({**QUICK, **keys}), encoding="utf-8")
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone"]
    command = [*torchrun, "-m", "verbose_logging", "train", "run.json"]

    answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)

    assert 0 == answer.returncode, answer.stderr
    assert (1, 1) == (answer.stdout.count("Trains:"), answer.stdout.count("Trained 3 steps"))
    assert (tmp_path / "results" / "base" / "model.safetensors").exists()
    types = [entry["type"] for entry in read_lines(tmp_path / "verbose_training_logs.jsonl")]
    assert (3, 1) == (types.count("training_step_complete"), types.count("training_complete"))


def test_a_dry_run_says_what_would_be_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Sizes, steps and memory, and nothing on the disk."""
    monkeypatch.chdir(tmp_path)
    keys = {"max_steps": -1, "num_train_epochs": 2, "gradient_accumulation_steps": 2, "eval_fraction": 0.1, "lora_r": 2}
    Path("run.yaml").write_text(json.dumps({**QUICK, **keys}), encoding="utf-8")

    assert 0 == main(["train", "run.yaml", "--dry-run"])
    told = capsys.readouterr().out

    # 40 rows, 4 of them to evaluate on; 36 are 9 batches of 4, which are 5 steps of 2 batches
    assert "36 rows of text, 4 to evaluate on, cut at 1024 tokens" in told
    assert "10, each of 8 rows (4 x 2 accumulated), 2.00 epochs" in told
    assert "through LoRA of rank 2" in told
    assert ["run.yaml"] == [path.name for path in tmp_path.iterdir()]


def test_a_dry_run_finds_what_lora_does_not(
    tmp_path: Path, monkeypatch: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Names of modules that the model does not have are told before any weight is made."""
    monkeypatch.chdir(tmp_path)
    Path("run.yaml").write_text(json.dumps({**QUICK, "target_modules": ["query"]}), encoding="utf-8")

    assert 2 == main(["train", "run.yaml", "--dry-run"])
    assert "target_modules: " in capsys.readouterr().err


def test_a_dry_run_counts_as_the_run_does(quick: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Steps and parameters of the plan are those of the training."""
    keys = {"max_steps": -1, "num_train_epochs": 1.5, "lora_r": 2, "use_verbose_logging": True}
    Path("run.yaml").write_text(json.dumps({**QUICK, **keys}), encoding="utf-8")
    assert 0 == main(["train", "run.yaml", "--dry-run", "--json"])
    planned = json.loads(capsys.readouterr().out)

    result = quick(**keys)

    model = next(entry["model_info"] for entry in read_lines(result.log_file) if "model_info" in entry)
    counts = (result.steps, model["total_parameters"], model["trainable_parameters"])
    assert (planned["steps"], planned["parameters"], planned["trained_parameters"]) == counts
