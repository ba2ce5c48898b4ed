"""The code that people write over a log: plain json, numpy and matplotlib, run unchanged in a run's folder."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.trainer

SNIPPETS = Path(__file__).parent.parent / "snippets"


@pytest.fixture(scope="module")
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a demo of twelve steps."""
    folder = tmp_path_factory.mktemp("demo")
    command = [sys.executable, "-m", "verbose_logging", "demo", "--steps", "12", "--output-dir", str(folder)]
    subprocess.run(command, check=True, capture_output=True, cwd=folder)
    return folder


def run_snippets(*names: str, then: str, folder: Path) -> list[str]:
    """Returns what the snippets print, one after the other in one interpreter, and then a last statement."""
    code = "\n".join([*((SNIPPETS / f"{name}.py").read_text(encoding="utf-8") for name in names), then])
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={"MPLBACKEND": "Agg", "PATH": ""},
        timeout=60,
    )
    assert "" == run.stderr
    return run.stdout.splitlines()


def test_reading_logs(demo_folder: Path) -> None:
    """Lines are read by `json`, steps are found by type."""
    printed = run_snippets("reading_logs", then="print(len(training_steps))", folder=demo_folder)

    assert ["12"] == printed


def test_performance_analysis(demo_folder: Path) -> None:
    """Every step has its time; mean and deviation come out positive."""
    printed = run_snippets(
        "reading_logs", "performance_analysis", then="print(len(step_times), min(step_times) > 0)", folder=demo_folder
    )

    assert re.fullmatch(r"Average step time: \d+\.\d+s ± \d+\.\d+s", printed[0])
    assert "12 True" == printed[-1]


def test_resource_usage_trends(demo_folder: Path) -> None:
    """Memory usage can be plotted over the steps."""
    printed = run_snippets(
        "reading_logs",
        "resource_usage_trends",
        then="print(len(memory_usage) >= 12, all(0 < used <= 100 for used in memory_usage))",
        folder=demo_folder,
    )

    assert "True True" == printed[-1]


def test_custom_monitoring(demo_folder: Path) -> None:
    """A monitor that reads the last line runs beside; the healthy run gives it no warning to print."""
    printed = run_snippets(
        "reading_logs", "custom_monitoring", then="monitor_thread.join(0.5); print(monitor_thread.is_alive())",
        folder=demo_folder,
    )  # fmt: skip

    assert ["True"] == printed


def test_validate_logs(demo_folder: Path) -> None:
    """Every line has the four keys that a validator asks for."""
    assert ["✅ verbose_training_logs.jsonl is valid"] == run_snippets(
        "reading_logs", "validate_logs", then="", folder=demo_folder
    )
