"""Lines beside a progress bar that is not the Trainer's."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

LOOP = """
import logging, sys, time
from tqdm import tqdm
from verbose_logging import TrainingLogger

{setup}
options = {{"console": "steps", "console_interval": 0, "standard_log_file": None, "save_log_to_json": False}}
with TrainingLogger(total_steps=40, log_file="log.jsonl", **options) as logger:
    for step in tqdm(range(40), mininterval=0):
        time.sleep(0.01)
        logger.log_step(step, loss=1.0)
"""


@pytest.mark.parametrize(
    "setup",
    [
        "",
        "logging.basicConfig(level=logging.INFO, format='%(levelname)s %(message)s')",
        "logging.getLogger('verbose_logging').addHandler(logging.StreamHandler(sys.stdout))",
        "from rich.logging import RichHandler; logging.basicConfig(level=logging.INFO, handlers=[RichHandler()])",
    ],
    ids=["our handler", "basicConfig", "a handler on stdout", "rich's handler"],
)
def test_every_line_stands_on_a_row_of_its_own(setup: str, tmp_path: Path, run_in_terminal: Callable[..., Any]) -> None:
    """Whoever prints, no line begins within the bar, and one bar is left."""
    script = tmp_path / "loop.py"
    script.write_text(LOOP.format(setup=setup), encoding="utf-8")
    rows = run_in_terminal(script, tmp_path, columns=160).rows
    bars = [row for row in rows if "it/s]" in row]
    steps = [row for row in rows if "Step " in row]

    assert 40 == len(steps)
    assert all(re.search(r"✅ Epoch 1/- \| Step \d+/40 \| loss=1.0000 .* steps/s=[\d.-]+$", row) for row in steps)
    assert 1 == len(bars)
    assert bars[0].startswith("100%|")
