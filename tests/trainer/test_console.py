"""The console of a real run: on a terminal beside the Trainer's bar, in a file, in a notebook."""

from __future__ import annotations

import contextlib
import fcntl
import io
import logging
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from datetime import datetime
from pathlib import Path

import nbformat
import pyte
import pytest
from nbclient import NotebookClient

from verbose_logging.console.screen import Screen
from verbose_logging.entries import decode_entry
from verbose_logging.sinks.console_log import LineFormatter
from verbose_logging.sinks.terminal import Terminal

pytestmark = pytest.mark.trainer

SCRIPT = Path(__file__).parent / "console_run.py"
LOG = "verbose_training_logs.jsonl"
VARIATION = "\ufe0f"
COLUMNS, ROWS = 110, 600  # so many rows that none scrolls away


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


def environment(**given: str) -> dict[str, str]:
    """Returns the environment of a terminal program, with nothing in it that speaks of colours or widths."""
    unwanted = {"NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "COLORTERM"}
    return {name: value for name, value in os.environ.items() if name not in unwanted} | given


@pytest.fixture(scope="module")
def terminal_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], str, Path]:
    """The rows that stand on a terminal after a run, every byte that it was sent, and the folder of the run."""
    folder = tmp_path_factory.mktemp("terminal")
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    process = subprocess.Popen(
        [sys.executable, str(SCRIPT)],
        cwd=folder,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment(TERM="xterm-256color"),
    )
    os.close(theirs)
    sent = b""
    with contextlib.suppress(OSError):  # the far end is closed when the process ends
        while piece := os.read(ours, 65536):
            sent += piece
    os.close(ours)
    assert 0 == process.wait(60)
    screen = pyte.Screen(COLUMNS, ROWS)
    pyte.Stream(screen).feed(sent.decode().replace(VARIATION, ""))  # at which pyte drops what follows
    return [row.rstrip() for row in screen.display if row.strip()], sent.decode(), folder


def test_on_a_terminal_the_bar_breaks_no_line(
    terminal_run: tuple[list[str], str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that the log shows when replayed stands on the screen, whole, in order, and nothing between but the bar."""
    rows, _, folder = terminal_run
    monkeypatch.setenv("COLUMNS", str(COLUMNS))
    expected = replayed(folder / LOG, Window(), interval_seconds=0.1)
    shown = [_without_marks(row) for row in rows if not re.search(r"\d+%\|", row)]
    expected = [_without_marks(row) for row in expected]

    assert expected == shown[shown.index(expected[0]) :]  # before it, libraries tell of themselves


def test_on_a_terminal_one_bar_is_left(terminal_run: tuple[list[str], str, Path]) -> None:
    """The bar moves down with the lines; what is left is the finished one, at the bottom."""
    rows, _, _ = terminal_run

    assert [len(rows) - 1] == [place for place, row in enumerate(rows) if re.search(r"\d+%\|", row)]
    assert rows[-1].startswith("100%|")
    assert "30/30" in rows[-1]


def test_on_a_terminal_findings_and_the_end_are_coloured(terminal_run: tuple[list[str], str, Path]) -> None:
    """Yellow for the warning, bold green for the good end."""
    _, sent, _ = terminal_run

    assert re.search(r"\x1b\[33m[^\x1b]*WARNING  \| verbose_logging - ⚠️", sent)
    assert re.search(r"\x1b\[1;32m[^\x1b]*🏁 Training complete", sent)


def test_in_a_file_there_is_no_control_character(tmp_path: Path) -> None:
    """The same run with both streams in one file: the log's replay and nothing else, every step, no escape, no CR."""
    with (tmp_path / "slurm.out").open("wb") as file:
        subprocess.run(
            [sys.executable, str(SCRIPT)], cwd=tmp_path, stdout=file, stderr=file, env=environment(), check=True
        )
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
    return re.sub(r"\s+", " ", row.replace(VARIATION, "")).rstrip()
