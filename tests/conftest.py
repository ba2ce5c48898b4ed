"""What all tests share."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pyte
import pytest

collect_ignore = ["snippets"]  # scripts as users write them; tests/cli/test_snippets.py runs them

_VARIATION = "\ufe0f"
_UNWANTED = {"NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "COLORTERM"}


class Shown(NamedTuple):
    """What a terminal has been sent.

    Args:
        rows: The rows that stand on its screen in the end, without those that are empty.
        sent: Every character.
        columns: How wide it is.
    """

    rows: list[str]
    sent: str
    columns: int


RunInTerminal = Callable[..., Shown]


@pytest.fixture(scope="session")
def run_in_terminal() -> RunInTerminal:
    """Runs a Python script in a terminal of 110 columns, so tall that nothing scrolls away."""

    def run(script: Path, folder: Path, *, columns: int = 110, rows: int = 600) -> Shown:
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        environment = {name: value for name, value in os.environ.items() if name not in _UNWANTED}
        process = subprocess.Popen(
            [sys.executable, str(script)],
            cwd=folder,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environment | {"TERM": "xterm-256color"},
        )
        os.close(theirs)
        sent = b""
        with contextlib.suppress(OSError):  # the far end is closed when the process ends
            while piece := os.read(ours, 65536):
                sent += piece
        os.close(ours)
        assert 0 == process.wait(60)
        screen = pyte.Screen(columns, rows)
        pyte.Stream(screen).feed(sent.decode().replace(_VARIATION, ""))  # at which pyte drops what follows
        return Shown([row.rstrip() for row in screen.display if row.strip()], sent.decode(), columns)

    return run
