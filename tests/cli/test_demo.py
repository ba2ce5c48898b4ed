from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from verbose_logging.cli import main
from verbose_logging.data import load_devils_dictionary

STEPS = 6


@pytest.fixture(scope="module")
def demo_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """The demo, run once in a process of its own; its folder and its answer."""
    folder = tmp_path_factory.mktemp("demo")
    command = [sys.executable, "-m", "verbose_logging", "demo", "--steps", str(STEPS), "--output-dir", "run"]
    answer = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)
    return folder / "run", answer


@pytest.mark.trainer
def test_the_demo_ends_well(demo_run: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    """It says what it will do, trains, and says what it did and what to look at."""
    _, answer = demo_run

    assert 0 == answer.returncode, answer.stderr
    assert f"{STEPS} steps" in answer.stdout.splitlines()[0]
    assert f"Training complete: {STEPS} of {STEPS} steps" in answer.stdout
    assert "verbose-logging show run/verbose_training_logs.jsonl" in answer.stdout
    assert "Failed" not in answer.stderr


@pytest.mark.trainer
def test_the_demos_log_is_valid(demo_run: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    """Every line that the demo wrote is a good entry, and none is missing."""
    folder, _ = demo_run

    assert 0 == main(["validate", str(folder)])


@pytest.mark.trainer
def test_every_step_is_recorded(
    demo_run: tuple[Path, subprocess.CompletedProcess[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    """The summary of the log knows every step, evaluation and checkpoint."""
    folder, _ = demo_run
    assert 0 == main(["show", str(folder), "--json"])

    summary = json.loads(capsys.readouterr().out)

    assert ("complete", STEPS, 2) == (summary["outcome"], summary["steps_done"], summary["checkpoints"])
    assert summary["last_evaluation"]["metrics"]["eval_loss"] > 0
    assert summary["first_loss"] > summary["best_loss"]


def test_the_data_is_what_its_readme_says() -> None:
    """979 entries, each a word with its definition, in one line of single spaces."""
    entries = load_devils_dictionary()

    assert 979 == len(entries)
    assert all(entry["text"].startswith(entry["word"]) for entry in entries)
    assert all(" ".join(entry["text"].split()) == entry["text"] for entry in entries)
