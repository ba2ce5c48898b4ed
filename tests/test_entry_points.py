"""A package adds a probe, a rule and a sink by its entry points, without a word in the script."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PACKAGE = """
from pathlib import Path
from verbose_logging.protocols import Condition

class Moon:
    name, interval_seconds = "moon", 0.05
    def read(self):
        return {"phase": 0.5}

def moon(context):
    return Moon()

class Gloomy:
    name, kind, severity = "gloomy", "training_health", "WARNING"
    def __init__(self, above: float = 1.5):
        self._above = above
    def judge(self, entry):
        loss = getattr(entry, "metrics", {}).get("loss")
        if loss is not None:
            yield Condition(firing=loss > self._above, verdict="The loss is gloomy")

class Broken:
    def __init__(self):
        raise RuntimeError("out of order")

class Steps:
    def __init__(self):
        self._file = open("steps.txt", "w")
    def write(self, entries):
        for entry in entries:
            self._file.write(f"{entry.step}\\n")
    def flush(self):
        self._file.flush()
    def close(self):
        self._file.close()
"""
ENTRY_POINTS = """
[verbose_logging.probes]
moon = add_on:moon

[verbose_logging.rules]
gloomy = add_on:Gloomy

[verbose_logging.sinks]
steps = add_on:Steps
"""
SCRIPT = """
import sys
from verbose_logging import TrainingLogger
with TrainingLogger(sinks=["steps"], alerts={alerts}, console="off", sample_interval_seconds=0.05) as logger:
    logger.log_step(1, loss=2.0)
    logger.flush()
    logger.log_step(2, loss=1.0)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Returns a folder in which an installed package stands."""
    (tmp_path / "add_on.py").write_text(PACKAGE)
    info = tmp_path / "add_on-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: add-on\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    return tmp_path


def run(folder: Path, *, alerts: str = "{}") -> subprocess.CompletedProcess[str]:
    """Runs the script where the package is installed."""
    path = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    script = SCRIPT.replace("{alerts}", alerts)
    return subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def entries(folder: Path) -> list[dict[str, Any]]:
    """Returns the log's entries."""
    return list(map(json.loads, (folder / "verbose_training_logs.jsonl").read_text(encoding="utf-8").splitlines()))


def test_a_packages_parts_take_part(folder: Path) -> None:
    """The probe's reading, the rule's finding and the sink's file are there."""
    done = run(folder)

    assert 0 == done.returncode, done.stderr
    found = entries(folder)
    assert any("moon" in (entry.get("resource_usage") or {}) for entry in found)
    assert ["firing", "resolved"] == [entry["state"] for entry in found if entry.get("rule") == "gloomy"]
    assert (folder / "steps.txt").read_text().split()[-1] == "2"


def test_a_packages_rule_has_its_parameters_by_name(folder: Path) -> None:
    """`alerts` knows a package's rule as it knows ours."""
    assert 0 == run(folder, alerts='{"gloomy": {"above": 5}}').returncode
    assert not [entry for entry in entries(folder) if entry.get("rule") == "gloomy"]

    refused = run(folder, alerts='{"gloomy": {"abov": 5}}')
    assert "did you mean 'above'" in refused.stderr


def test_a_packages_rule_that_does_not_load_is_named_with_the_way_around_it(folder: Path) -> None:
    """The set-up fails in one line that says how to go on without it, and then it does."""
    points = folder / "add_on-1.0.dist-info" / "entry_points.txt"
    points.write_text(points.read_text().replace("add_on:Gloomy", "add_on:Broken"))

    refused = run(folder)
    assert "the installed rule cannot be used: out of order; alerts={'gloomy': 'off'} leaves it out" in refused.stderr
    assert 0 == run(folder, alerts='{"gloomy": "off"}').returncode
