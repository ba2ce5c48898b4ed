from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

_WRITES = """
import sys
from pathlib import Path
from verbose_logging.clock import SystemClock
from verbose_logging.sinks.files.append_file import AppendFile
from verbose_logging.sinks.fallback import Fallback

path, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
clock = SystemClock()
file = AppendFile(path, clock=clock, fallback=Fallback(path.parent, clock=clock))
for number in range(count):
    file.append(b'{"name":"%s","number":%d,"x":"%s"}\\n' % (name.encode(), number, b"x" * 700))
    if number % 7 == 0:
        file.flush()
    if number == 100:
        print("under way", flush=True)
file.close()
"""


def start_writer(path: Path, name: str, count: int) -> subprocess.Popen[str]:
    """Starts a process that appends lines of its name."""
    command = [sys.executable, "-c", _WRITES, str(path), name, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_two_processes_share_a_file(tmp_path: Path) -> None:
    """Two writers at one file give whole lines, each its own in order."""
    path = tmp_path / "log.jsonl"
    writers = [start_writer(path, name, 2000) for name in "ab"]
    assert [0, 0] == [writer.wait(60) for writer in writers]
    for writer in writers:
        writer.communicate()
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    for name in "ab":
        assert list(range(2000)) == [line["number"] for line in lines if line["name"] == name]
    assert [path] == list(tmp_path.iterdir())


def test_killed_process_leaves_whole_lines(site: Any) -> None:
    """After SIGKILL every line is whole and in order, and the next run goes on behind them."""
    site.folder.mkdir()
    with start_writer(site.path, "a", 100_000_000) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "under way\n"
        writer.kill()
    file = site.file()
    file.append(b'{"number":-1}\n')
    file.close()
    *numbers, last = [json.loads(line)["number"] for line in site.path.read_bytes().splitlines()]
    assert list(range(len(numbers))) == numbers
    assert len(numbers) >= 99
    assert last == -1
