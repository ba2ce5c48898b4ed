"""A real Prometheus server scrapes a live run."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import quote
from urllib.request import urlopen

import pytest

from verbose_logging import TrainingLogger

ROOT = Path(__file__).parent.parent.parent
PROMETHEUS = shutil.which("prometheus")
PROMTOOL = shutil.which("promtool")
pytestmark = pytest.mark.skipif(PROMETHEUS is None, reason="no prometheus server on this machine")

CONFIG = """
global: {{scrape_interval: 200ms, scrape_timeout: 200ms}}
scrape_configs:
  - job_name: training
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""


def free_port() -> int:
    """Returns a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def port() -> int:
    """Returns where the run's metrics are."""
    return free_port()


@pytest.fixture
def query(tmp_path: Path, port: int) -> Iterator[Callable[[str], list[Any]]]:
    """Yields a function that asks a Prometheus server which scrapes that port."""
    (tmp_path / "prometheus.yml").write_text(CONFIG.format(port=port))
    address = f"127.0.0.1:{free_port()}"
    options = {
        "config.file": tmp_path / "prometheus.yml",
        "storage.tsdb.path": tmp_path / "data",
        "web.listen-address": address,
        "log.level": "error",
    }
    server = subprocess.Popen([str(PROMETHEUS), *(f"--{name}={value}" for name, value in options.items())])

    def ask(expression: str) -> list[Any]:
        try:
            with urlopen(f"http://{address}/api/v1/query?query={quote(expression)}", timeout=10) as answer:
                return [found["value"][1] for found in json.load(answer)["data"]["result"]]
        except URLError:  # not up yet
            return []

    yield ask
    server.terminate()
    server.wait(30)


def until(condition: Callable[[], bool]) -> bool:
    """Returns whether the condition came true within a minute."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if condition():
            return True
        threading.Event().wait(0.1)
    return False


def test_a_server_answers_with_the_step_of_a_live_run(
    tmp_path: Path, port: int, query: Callable[[str], list[Any]]
) -> None:
    """While the loop goes on, the server knows its step, its loss and that it is alive."""
    options = {"log_file": tmp_path / "log.jsonl", "console": "off", "output_dir": tmp_path}
    with TrainingLogger(sinks=["prometheus"], prometheus_port=port, total_steps=10, **options) as logger:
        for step in range(1, 8):
            logger.log_step(step, loss=1.0 / step)
        assert logger.flush()

        assert until(lambda: query("verbose_logging_step") == ["7"])
        assert query("verbose_logging_train_loss < 0.15") != []
        assert query("time() - verbose_logging_last_step_timestamp_seconds < 600 and verbose_logging_run_active == 1")


@pytest.mark.skipif(PROMTOOL is None, reason="no promtool on this machine")
def test_the_alert_rules_are_valid() -> None:
    """The rules in the documentation are rules that Prometheus takes."""
    rules = ROOT / "docs" / "prometheus-alerts.yml"
    checked = subprocess.run([str(PROMTOOL), "check", "rules", str(rules)], capture_output=True, text=True, check=False)

    assert 0 == checked.returncode, checked.stderr


def test_the_dashboard_asks_for_gauges_that_a_run_has(
    tmp_path: Path, port: int, query: Callable[[str], list[Any]]
) -> None:
    """Every panel's query is one that Prometheus understands, about names that our sink can give."""
    board = json.loads((ROOT / "docs" / "grafana-dashboard.json").read_text(encoding="utf-8"))
    expressions = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    options = {"log_file": tmp_path / "log.jsonl", "console": "off", "output_dir": tmp_path}
    with TrainingLogger(sinks=["prometheus"], prometheus_port=port, total_steps=10, **options) as logger:
        for step in range(1, 4):
            logger.log_step(step, loss=1.0, grad_norm=1.0, learning_rate=0.1, samples=2, tokens=8)
        logger.log_evaluation(3, eval_loss=1.0)
        logger.flush()
        assert until(lambda: query("verbose_logging_step") == ["3"])
        assert until(lambda: query("verbose_logging_memory_used_bytes") != [])

        silent = [name for name in expressions if not query(name.replace("$instance", ".*"))]
        assert {"gpu", "mfu"} == {part for name in silent for part in ("gpu", "mfu") if part in name}
        assert all("gpu" in name or "mfu" in name for name in silent)
