"""The console of a real run: on a terminal beside the Trainer's bar, in a file, in a notebook."""

from __future__ import annotations

import io
import logging
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from verbose_logging.console.screen import Screen
from verbose_logging.entries import decode_entry
from verbose_logging.sinks.console_handler import LineFormatter
from verbose_logging.sinks.terminal import Terminal

pytestmark = pytest.mark.trainer

SCRIPT = Path(__file__).parent / "console_run.py"
LOG = "verbose_training_logs.jsonl"


class Window(io.StringIO):
    """A stream that is a terminal as wide as ours."""

    def isatty(self) -> bool:
        """Returns true."""
        return True


def replayed(log: Path, stream: io.StringIO, *, interval_seconds: float) -> list[str]:
    """Returns the rows that a log shows on a stream, without colours."""
    screen = Screen(("steps", "progress"), interval_seconds=interval_seconds)
    terminal = Terminal(stream)
    rows: list[str] = []
    for line in log.read_bytes().splitlines():
        for output in screen.outputs(decode_entry(line)):
            attributes = {"when": datetime.fromisoformat(output.timestamp), "bare": output.bare}
            record = logging.makeLogRecord(
                {"name": "verbose_logging", "levelname": output.severity, "msg": output.text, **attributes}
            )
            rows += terminal.render(LineFormatter().format(record)).split("\n")
    return rows


@pytest.fixture(scope="module")
def terminal_run(tmp_path_factory: pytest.TempPathFactory, run_in_terminal: Callable[..., Any]) -> tuple[Any, Path]:
    """What stands on a terminal after a run, and the folder of the run."""
    folder = tmp_path_factory.mktemp("terminal")
    return run_in_terminal(SCRIPT, folder), folder


def test_on_a_terminal_the_bar_breaks_no_line(terminal_run: tuple[Any, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """All that the log shows when replayed stands on the screen, whole, in order, and nothing between but the bar."""
    shown_on, folder = terminal_run
    monkeypatch.setenv("COLUMNS", str(shown_on.columns))
    expected = replayed(folder / LOG, Window(), interval_seconds=0.1)
    shown = [_without_marks(row) for row in shown_on.rows if not re.search(r"\d+%\|", row)]
    expected = [_without_marks(row) for row in expected]

    assert expected == shown[shown.index(expected[0]) :]  # before it, libraries tell of themselves


def test_on_a_terminal_one_bar_is_left(terminal_run: tuple[Any, Path]) -> None:
    """The bar moves down with the lines; what is left is the finished one, at the bottom."""
    rows = terminal_run[0].rows

    assert [len(rows) - 1] == [place for place, row in enumerate(rows) if re.search(r"\d+%\|", row)]
    assert rows[-1].startswith("100%|")
    assert "30/30" in rows[-1]


def test_on_a_terminal_findings_and_the_end_are_coloured(terminal_run: tuple[Any, Path]) -> None:
    """Yellow for the warning, bold green for the good end."""
    sent = terminal_run[0].sent

    assert re.search(r"\x1b\[33m[^\x1b]*WARNING  \| verbose_logging - ⚠️", sent)
    assert re.search(r"\x1b\[1;32m[^\x1b]*🏁 Training complete", sent)


def test_in_a_file_there_is_no_control_character(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same run with both streams in one file: the log's replay and nothing else, every step, no escape, no CR."""
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    with (tmp_path / "slurm.out").open("wb") as file:
        subprocess.run([sys.executable, str(SCRIPT)], cwd=tmp_path, stdout=file, stderr=file, check=True)
    text = (tmp_path / "slurm.out").read_bytes().decode()

    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", text)
    expected = replayed(tmp_path / LOG, io.StringIO(), interval_seconds=0.0)
    lines = text.splitlines()
    assert expected == lines[lines.index(expected[0]) :]
    assert 30 == sum("✅ Epoch" in line for line in lines)


def test_a_notebook_shows_the_lines(tmp_path: Path) -> None:
    """Executed by a kernel, the cell's plain output has the steps, the blocks and the end; the bar is the Trainer's."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(f"import runpy\n_ = runpy.run_path({str(SCRIPT)!r})")]
    )
    NotebookClient(notebook, timeout=240, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = notebook.cells[0].outputs
    text = "".join(output.text for output in outputs if output.output_type == "stream" and output.name == "stdout")

    assert "✅ Epoch 1/2 | Step 1/30 | loss=" in text
    assert "🔄 TRAINING PROGRESS: 100% (30/30 iterations)" in text
    assert "🏁 Training complete: 30 steps" in text
    assert "\x1b" not in text
    assert any("text/html" in getattr(output, "data", {}) for output in outputs)


def _without_marks(row: str) -> str:
    """Returns a row without what terminals count differently: marks of width nothing, and blanks after a picture."""
    return re.sub(r"\s+", " ", row.replace("\ufe0f", "")).rstrip()
