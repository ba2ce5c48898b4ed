"""Real processes that real faults happen to: forked from one that has imported everything already."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

collect_ignore = ["warm_parent.py"]  # a script for a process of its own


class Child:
    """A process that runs a script in a folder of its own.

    Args:
        pid: Its number.
        folder: Where it runs.
        nursery: Where it came from.
    """

    def __init__(self, pid: int, folder: Path, nursery: Nursery) -> None:
        self.pid = pid
        self.folder = folder
        self._nursery = nursery

    def send(self, number: int) -> None:
        """Sends it a signal."""
        os.kill(self.pid, number)

    def wait(self, timeout: float = 240.0) -> int:
        """Returns its exit status, negative for a signal; one that takes longer is killed, and the test fails."""
        return self._nursery.wait(self.pid, timeout)

    def is_ready(self, timeout: float = 240.0) -> bool:
        """Returns whether it calls `ready()` in time."""
        poll = select.poll()
        for _ in range(int(timeout / 0.02)):
            if (self.folder / "ready").exists():
                return True
            poll.poll(20)
        return False

    @property
    def stdout(self) -> str:
        """What it has printed."""
        return (self.folder / "stdout").read_text(encoding="utf-8")

    @property
    def stderr(self) -> str:
        """What it has complained of."""
        return (self.folder / "stderr").read_text(encoding="utf-8")

    def saved_lines(self) -> list[dict[str, Any]]:
        """Returns the lines that were saved where the log did not take them."""
        files = sorted(self.folder.rglob("log.spill-*.jsonl"))
        return [json.loads(line) for file in files for line in file.read_bytes().splitlines()]

    def lines(self, name: str = "logs/log.jsonl") -> list[dict[str, Any]]:
        """Returns the lines of its log."""
        return [json.loads(line) for line in (self.folder / name).read_bytes().splitlines()]


class Nursery:
    """Starts children within milliseconds.

    Args:
        environment: What the parent gets beside the environment of the tests; the loader reads it once.
    """

    def __init__(self, **environment: str) -> None:
        script = Path(__file__).with_name("warm_parent.py")
        answers, theirs = os.pipe()
        command = [sys.executable, str(script), str(theirs)]
        self._parent = subprocess.Popen(
            command, stdin=subprocess.PIPE, text=True, bufsize=1, env=os.environ | environment, pass_fds=[theirs]
        )
        os.close(theirs)
        self._answers = os.fdopen(answers, "rb", buffering=0)

    def start(self, folder: Path, script: str, **environment: str) -> Child:
        """Starts a script; what `warm_parent` defines and imports is there already."""
        folder.mkdir(parents=True, exist_ok=True)
        command = {"script": textwrap.dedent(script), "cwd": str(folder), "environment": environment}
        self._command(command)
        return Child(int(self._answers.readline()), folder, self)

    def run(self, folder: Path, script: str, **environment: str) -> tuple[int, Child]:
        """Returns a script's exit status and its process, once it has ended."""
        child = self.start(folder, script, **environment)
        return child.wait(), child

    def wait(self, pid: int, timeout: float) -> int:
        """Returns a child's exit status, once it has one."""
        self._command({"wait": pid})
        if select.select([self._answers], [], [], timeout)[0]:
            return int(self._answers.readline())
        os.kill(pid, signal.SIGKILL)
        self._answers.readline()
        return pytest.fail(f"the process did not end within {timeout:g} s")

    def _command(self, command: dict[str, Any]) -> None:
        assert self._parent.stdin is not None
        self._parent.stdin.write(json.dumps(command) + "\n")

    def close(self) -> None:
        """Ends the parent."""
        assert self._parent.stdin is not None
        self._parent.stdin.close()
        self._parent.wait(30)
        self._answers.close()


@pytest.fixture(scope="session")
def nursery(bad_disk: Path, fake_driver: Path) -> Iterator[Nursery]:
    """Yields a parent of processes whose disk and whose GPUs can be made to misbehave; by default neither does."""
    nursery = Nursery(LD_PRELOAD=str(bad_disk), LD_LIBRARY_PATH=str(fake_driver), FAKENVML_DEVICES="0")
    yield nursery
    nursery.close()
