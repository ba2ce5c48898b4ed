"""Every example runs as it stands."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.py"))


@pytest.mark.trainer
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_example_runs_and_leaves_a_log(example: Path, tmp_path: Path) -> None:
    """Run in an empty folder it ends well, and the log tells its end."""
    subprocess.run([sys.executable, str(example)], cwd=tmp_path, check=True, capture_output=True, timeout=120)

    log = (tmp_path / "verbose_training_logs.jsonl").read_text(encoding="utf-8")
    assert '"type":"training_complete"' in log.splitlines()[-1]
