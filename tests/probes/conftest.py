"""A way to run the real pynvml on the fake NVIDIA driver."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

_PRELUDE = """
import json, os, threading, time
import pynvml
from verbose_logging.clock import SystemClock
from verbose_logging.probes.nvidia import NvidiaProbe
from verbose_logging.sampler import Sampler
from verbose_logging.testing import ManualClock, StubProbe

def answer(value):
    print(json.dumps(value))

def set_fault(rules):
    with open(os.environ["FAKENVML_CTL"], "w") as file:
        file.write(rules)
"""


@pytest.fixture
def on_fake_driver(fake_driver: Path, tmp_path: Path) -> Callable[..., Any]:
    """Runs a script on a machine with so many fake GPUs and returns what it passes to `answer`.

    The loader reads its search path when a process starts, and so each script is a process of its own.
    """

    def run(script: str, *, devices: int, fault: str = "") -> Any:
        environment = os.environ | {
            "LD_LIBRARY_PATH": str(fake_driver),
            "FAKENVML_DEVICES": str(devices),
            "FAKENVML_FAULT": fault,
            "FAKENVML_CTL": str(tmp_path / "fault"),
        }
        done = subprocess.run(
            [sys.executable, "-c", _PRELUDE + textwrap.dedent(script)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert 0 == done.returncode, done.stderr
        return json.loads(done.stdout)

    return run
