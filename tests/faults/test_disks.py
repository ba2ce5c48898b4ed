"""Faults of the disk under a running training: what can be kept is kept, in order, and the training never notices."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.trainer

HEALS = """
callback = ours(standard_log_file=None)
trainer = make_trainer(callback, AtStep(3, lambda: strike()), AtStep(20, lambda: heal()), steps=40)
{body}
trainer.train()
callback.close()
"""


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Path]:
    """Makes the log's folder a file system of its own."""
    folder = tmp_path / "logs"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount a file system")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)  # noqa: S607


def all_there(child: Any) -> bool:
    """Returns whether the log, with what was rotated away, has every entry of its run, in order."""
    rotated = (child.folder / "logs" / "rotated.jsonl").exists()
    lines = [*(child.lines("logs/rotated.jsonl") if rotated else []), *child.lines()]
    return [line["seq"] for line in lines] == list(range(1, len(lines) + 1)) and lines[-1]["step"] == 40


@pytest.mark.parametrize(
    "fault", ["write=EIO", "write=ENOSPC", "write=EROFS", "write=short", "write=slow", "write=hang", "open=EMFILE"]
)
def test_a_fault_that_heals_costs_nothing(fault: str, nursery: Any, tmp_path: Path) -> None:
    """From the third step to the twentieth the disk fails; in the end the log has every entry, in order."""
    body = f"""
def strike():
    callback.flush()
    os.environ["BADFS"] = {fault!r}
    if {fault.startswith("open")}:
        os.rename("logs/log.jsonl", "logs/rotated.jsonl")
def heal():
    callback.flush(0.3)
    os.environ["BADFS"] = ""
"""
    status, child = nursery.run(tmp_path, HEALS.format(body=body), BADFS_BELOW=str(tmp_path / "logs"))

    assert (0, True) == (status, all_there(child)), child.stderr
    assert [] == child.saved_lines()


def test_a_remount_for_reading_only(nursery: Any, mounted: Path, tmp_path: Path) -> None:
    """A file system that turns read-only and back, as after an error of the disk."""
    body = """
import subprocess
def remount(how):
    subprocess.run(["mount", "-o", f"remount,{how}", os.path.abspath("logs")], check=True)
def strike():
    callback.flush()
    (log := callback._recordings.session._sink._sinks["jsonl"]._file).close()  # an open file keeps it writable
    remount("ro")
def heal():
    callback.flush(0.3)
    remount("rw")
"""
    status, child = nursery.run(tmp_path, HEALS.format(body=body))

    assert mounted.exists()
    assert (0, True) == (status, all_there(child)), child.stderr


def test_a_folder_that_nobody_may_write(nursery: Any, mounted: Path, tmp_path: Path) -> None:
    """A read-only file system from the start, for root as well: everything is saved in a temporary folder."""
    subprocess.run(["mount", "-o", "remount,ro", str(mounted)], check=True)  # noqa: S607
    (tmp_path / "tmp").mkdir()
    status, child = nursery.run(tmp_path, "make_trainer(ours(), steps=5).train()", TMPDIR=str(tmp_path / "tmp"))
    lines = child.saved_lines()

    assert 0 == status
    assert list(range(1, len(lines) + 1)) == [line["seq"] for line in lines]
    assert "training_complete" == lines[-1]["type"]
    assert "Read-only file system" in child.stderr


def test_no_descriptors_left(nursery: Any, tmp_path: Path) -> None:
    """A process that has used up its descriptors trains on; the log is whole once there are some again."""
    body = """
import resource
taken = []
def strike():
    callback.flush()
    os.rename("logs/log.jsonl", "logs/rotated.jsonl")
    resource.setrlimit(resource.RLIMIT_NOFILE, (200, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    try:
        while True:
            taken.append(os.dup(2))
    except OSError:
        pass
def heal():
    callback.flush(0.3)
    for descriptor in taken:
        os.close(descriptor)
"""
    status, child = nursery.run(tmp_path, HEALS.format(body=body))

    assert (0, True) == (status, all_there(child)), child.stderr


def test_signals_during_writes(nursery: Any, tmp_path: Path) -> None:
    """A handled signal every millisecond: calls are interrupted, lines are not."""
    body = """
import signal
signal.signal(signal.SIGALRM, lambda number, frame: None)
def strike():
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
def heal():
    callback.flush(1.0)
    signal.setitimer(signal.ITIMER_REAL, 0)
"""
    status, child = nursery.run(tmp_path, HEALS.format(body=body))

    assert (0, True) == (status, all_there(child)), child.stderr


def test_train_begin_waits_half_a_second_at_most(nursery: Any, tmp_path: Path) -> None:
    """The disk hangs since the last training: the next one begins all the same, and both ends are saved in the end."""
    script = """
    import time
    callback = ours(standard_log_file=None)
    began = callback.on_train_begin
    def timed(*args, **kwargs):
        at = time.monotonic()
        began(*args, **kwargs)
        print(time.monotonic() - at < 1.0)
    callback.on_train_begin = timed
    trainer = make_trainer(callback, AtStep(2, lambda: os.environ.update(BADFS="write=hang")), steps=3)
    trainer.train()
    trainer.train()
    """
    (tmp_path / "tmp").mkdir()
    environment = {"BADFS_BELOW": str(tmp_path / "logs"), "TMPDIR": str(tmp_path / "tmp")}
    status, child = nursery.run(tmp_path, script, **environment)
    ends = [line for line in child.saved_lines() if line["type"] == "training_complete"]

    assert (0, "True\nTrue\n") == (status, child.stdout)
    assert 2 == len(ends)
