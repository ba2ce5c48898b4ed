"""Every example runs as it stands."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from verbose_logging.entries import decode_entry
from verbose_logging.levels import LEVELS

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.py"))


@pytest.mark.trainer
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_example_runs_and_leaves_a_log(example: Path, tmp_path: Path) -> None:
    """Run in an empty folder it ends well, and the log tells its end."""
    subprocess.run([sys.executable, str(example)], cwd=tmp_path, check=True, capture_output=True, timeout=120)

    logs = sorted(tmp_path.rglob("verbose_*.jsonl"))
    assert logs
    for log in logs:
        assert '"type":"training_complete"' in log.read_text(encoding="utf-8").splitlines()[-1]


@pytest.mark.trainer
def test_the_simulation_leaves_a_valid_log_per_level(tmp_path: Path) -> None:
    """With the options of its manual it runs, shows each form, and leaves one valid log for each of four levels."""
    command = [sys.executable, str(EXAMPLES[0].with_name("test_verbose_logging.py")), "--max_iters", "40"]
    run = subprocess.run([*command, "--log_every", "1"], cwd=tmp_path, check=True, capture_output=True, timeout=120)
    printed = run.stdout.decode()

    assert {f"verbose_test_{level}.jsonl" for level in LEVELS} == {path.name for path in tmp_path.glob("*.jsonl")}
    assert 40 == printed.count("🔄 TRAINING PROGRESS") == printed.count("✅ Epoch")
    assert 1 == printed.count("Step    Loss      Grad Norm    Learning Rate")
    for log in tmp_path.glob("*.jsonl"):
        for line in log.read_bytes().splitlines():
            decode_entry(line)
