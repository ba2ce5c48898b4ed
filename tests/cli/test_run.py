"""`verbose-logging run`: scripts as they are, with the recorder in every Trainer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.logs import read_lines
from verbose_logging.cli import main
from verbose_logging.cli.run import BOOTSTRAP, command_line, recording_environment

SCRIPT = """
import sys
import torch
from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainingArguments

def trainer(folder):
    model = GPT2LMHeadModel(GPT2Config(vocab_size=50, n_positions=16, n_embd=16, n_layer=1, n_head=2))
    rows = [{"input_ids": row, "labels": row} for row in torch.arange(16).repeat(32, 1)]
    args = TrainingArguments(folder, max_steps=4, logging_steps=500, save_strategy="no", report_to="none", use_cpu=True)
    return Trainer(model=model, args=args, train_dataset=rows)

if __name__ == "__main__":
    print("arguments", sys.argv[1:])
    trainer("one").train()
    trainer("two").train()
    sys.exit(3)
"""


def _run(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "verbose_logging", "run", *arguments]
    environment = {**os.environ, **environment}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300
    )


@pytest.fixture(scope="module")
def script_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """A script with two Trainers that ends with 3, run once; beside it a `sitecustomize` of the environment's own."""
    folder = tmp_path_factory.mktemp("run")
    (folder / "train.py").write_text(SCRIPT, encoding="utf-8")
    (folder / "site").mkdir()
    (folder / "site" / "sitecustomize.py").write_text("print('the site speaks')", encoding="utf-8")
    path = os.pathsep.join([str(folder / "site"), os.environ.get("PYTHONPATH", "")])
    options = ["--level", "medium", "--log-file", "log.jsonl"]
    return folder, _run(folder, *options, "train.py", "--lr", "1", "--help", PYTHONPATH=path)


@pytest.mark.trainer
def test_every_trainer_of_a_script_is_recorded(script_run: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    """Two Trainers are two runs, each whole, at the level and in the file that were asked for."""
    folder, answer = script_run
    entries = read_lines(folder / "log.jsonl")

    ends = [entry["run_id"] for entry in entries if entry["type"] == "training_complete"]
    assert 2 == len(set(ends)), answer.stderr
    assert 8 == sum(entry["type"] == "training_step_complete" for entry in entries)


@pytest.mark.trainer
def test_a_script_is_as_it_was(script_run: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    """Its arguments reach it, options and all, and its exit status is the answer."""
    _, answer = script_run

    assert 3 == answer.returncode
    assert "arguments ['--lr', '1', '--help']" in answer.stdout


@pytest.mark.trainer
def test_the_environments_own_sitecustomize_still_runs(
    script_run: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    """Ours takes nobody's place."""
    _, answer = script_run

    assert "the site speaks" in answer.stdout


@pytest.mark.trainer
def test_trl_sft_is_recorded(tmp_path: Path) -> None:
    """TRL's own command trains in a process that it starts through accelerate, and is recorded all the same."""
    from verbose_logging import train_with_config  # noqa: PLC0415 - loads torch

    model = {"architecture": "qwen2", "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1}
    heads = {"num_attention_heads": 2, "num_key_value_heads": 1, "vocab_size": 300}
    rows = [{"text": f"{number} is a number"} for number in range(16)]
    made = train_with_config(
        {"model_name": {**model, **heads}, "max_steps": 1, "output_dir": str(tmp_path / "model")}, train_dataset=rows
    )
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "train.json").write_text(json.dumps(rows), encoding="utf-8")

    answer = _run(
        tmp_path,
        *["trl", "sft", "--model_name_or_path", str(made.model_path), "--dataset_name", "data", "--output_dir", "out"],
        *["--max_steps", "3", "--bf16", "False", "--use_cpu", "True", "--report_to", "none"],
        VERBOSE_LOGGING_FILE="trl.jsonl",
    )

    entries = read_lines(tmp_path / "trl.jsonl")
    assert 3 == sum(entry["type"] == "training_step_complete" for entry in entries), answer.stderr


def test_a_script_without_a_trainer_costs_nothing(tmp_path: Path) -> None:
    """A process that trains nothing loads nothing of ours, and leaves no file."""
    (tmp_path / "plain.py").write_text("import sys; print([m for m in sys.modules if m[:7] == 'verbose'])")

    answer = _run(tmp_path, "plain.py")

    assert (0, "[]\n") == (answer.returncode, answer.stdout)
    assert ["plain.py"] == [path.name for path in tmp_path.iterdir()]


def test_a_file_is_run_by_this_interpreter(tmp_path: Path) -> None:
    """A script by Python, a module with `-m`, anything else as the command of its name."""
    script = tmp_path / "train.py"
    script.touch()

    assert [sys.executable, str(script), "--x"] == command_line(str(script), ["--x"])
    assert [sys.executable, "-m", "package"] == command_line("-m", ["package"])
    assert "/" in command_line("sh", [])[0]


def test_the_path_is_kept() -> None:
    """What PYTHONPATH says comes after ours."""
    environment = recording_environment({"PYTHONPATH": "/a:/b"}, level=None, log_file="x.jsonl")

    assert ("x.jsonl", f"{BOOTSTRAP}:/a:/b") == (environment["VERBOSE_LOGGING_FILE"], environment["PYTHONPATH"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gone.py"], "gone.py: no such script or command"),
        (["--level", "hihg", "train.py"], "verbosity_level: no level 'hihg'; did you mean 'high'?"),
        ([], "Missing argument"),
    ],
)
def test_what_cannot_be_run_is_one_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: Any
) -> None:
    """Nothing is started, and the status is 2."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").touch()

    assert 2 == main(["run", *arguments])
    assert message in capsys.readouterr().err
