"""What all tests share."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import shutil
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

HERE = Path(__file__).parent
_VARIATION = "\ufe0f"
_UNWANTED = {"NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "COLORTERM"}


def compiled(source: Path, library: Path) -> Path:
    """Returns a shared library, made from a C file; skips where that cannot be done."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None or sys.platform != "linux":
        pytest.skip(f"{source.name} needs Linux and a C compiler (cc, gcc or clang)")
    flags = ["-O1", "-w", "-fPIC", "-shared", f"-Wl,-soname,{library.name}"]
    subprocess.run([compiler, *flags, "-o", str(library), str(source), "-lpthread", "-ldl"], check=True)
    return library


@pytest.fixture(scope="session")
def fake_driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the fake `libnvidia-ml.so.1`."""
    library = tmp_path_factory.mktemp("fakenvml") / "libnvidia-ml.so.1"
    return compiled(HERE / "fakenvml" / "fakenvml.c", library).parent


@pytest.fixture(scope="session")
def bad_disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library that, preloaded, makes a disk misbehave."""
    return compiled(HERE / "faults" / "badfs.c", tmp_path_factory.mktemp("badfs") / "badfs.so")


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
