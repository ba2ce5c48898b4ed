from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from verbose_logging.sinks.files.pending import PendingLines

_WRITES_BEYOND_THE_LIMIT = """
import resource, sys
from pathlib import Path
from verbose_logging.clock import SystemClock
from verbose_logging.sinks.files.append_file import AppendFile
from verbose_logging.sinks.fallback import Fallback

path = Path(sys.argv[1])
clock = SystemClock()
file = AppendFile(path, clock=clock, fallback=Fallback(path.parent, clock=clock))
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (500, hard))
for number in range(100):
    file.append(b'{"n":%02d}\\n' % number)
    file.flush()
print(path.stat().st_size, flush=True)
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
file.append(b'{"x":"%s"}\\n' % (b"x" * 2000))
file.close()
"""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Yields the mount point of a file system of 64 KiB."""
    mount, umount = shutil.which("mount"), shutil.which("umount")
    folder = tmp_path / "logs"
    folder.mkdir()
    command = [str(mount), "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if not (mount and umount) or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount a file system")
    yield folder
    subprocess.run([str(umount), "--lazy", str(folder)], check=True)


def write_line(file: Any, line: bytes = b"{}\n") -> bool:
    """Returns whether a line could be appended and delivered."""
    return bool(file.append(line) and file.flush())


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no FIFOs")
def test_fifo_is_refused(site: Any) -> None:
    """A FIFO at the path neither blocks nor gets a byte; the lines are saved elsewhere."""
    site.folder.mkdir()
    os.mkfifo(site.path)
    file = site.file()
    assert not write_line(file)
    file.close()
    assert "a FIFO, not a regular file" in site.errors
    assert site.spilled() == b"{}\n"


def test_device_is_refused(site: Any) -> None:
    """A device at the path is no log."""
    assert not write_line(site.file(Path("/dev/full")))
    assert "a device, not a regular file" in site.errors


def test_folder_is_refused(site: Any) -> None:
    """A folder at the path is named as the reason."""
    site.path.mkdir(parents=True)
    assert not write_line(site.file())
    assert "Is a directory" in site.errors


def test_symbolic_link_is_refused(site: Any) -> None:
    """A link at the path does not lead us to its target."""
    site.folder.mkdir()
    victim = site.folder / "victim"
    victim.write_bytes(b"precious\n")
    site.path.symlink_to(victim)
    assert not write_line(site.file())
    assert victim.read_bytes() == b"precious\n"
    assert "a symbolic link, not a regular file" in site.errors


def test_unusable_folder_sends_the_lines_elsewhere(site: Any) -> None:
    """Where not even the error log can be written, the lines lie in a temporary folder and stderr says so."""
    site.folder.write_bytes(b"a file where a folder should be")
    file = site.file()
    assert not write_line(file)
    file.close()
    assert site.spilled() == b"{}\n"
    (said,) = site.said
    assert "1 lines are in" in said
    assert "Not a directory" in said


def test_lost_lines_are_counted_on_stderr(site: Any) -> None:
    """With no place left at all, one line says how many lines are lost and why."""
    site.folder.write_bytes(b"a file where a folder should be")
    site.temporary_folder.rmdir()
    file = site.file(pending=PendingLines(max_lines=1))
    assert [True, False, False] == [file.append(b"{}\n") for _ in range(3)]
    file.close()
    (said,) = site.said
    assert f"undelivered to {site.path}: 1 lines are lost, 2 were dropped before: Not a directory (errno 20)" in said


@pytest.fixture
def forbidden(site: Any) -> Iterator[Path]:
    """Makes the log's folder one that this user may not write to: for root, a file system that is read-only."""
    if os.geteuid():
        site.folder.mkdir(mode=0o500)
        yield site.folder
        return
    site.folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(site.folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("root may write everywhere, and may not mount a read-only file system here")
    yield site.folder
    subprocess.run(["umount", "--lazy", str(site.folder)], check=True)  # noqa: S607


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="this system has no users to forbid anything")
def test_missing_permission_is_named(site: Any, forbidden: Path) -> None:
    """A folder that is not ours to write is the reason given, and the lines are saved elsewhere."""
    file = site.file()
    assert not write_line(file)
    file.close()
    assert [] == list(forbidden.iterdir())
    assert site.spilled() == b"{}\n"
    assert any(reason in site.said[0] for reason in ("Permission denied", "Read-only file system"))


def test_removed_file_is_made_again(site: Any) -> None:
    """After `rm`, further lines stand in a new file."""
    file = site.file()
    assert write_line(file, b'{"a":1}\n')
    site.path.unlink()
    assert write_line(file, b'{"a":2}\n')
    assert site.path.read_bytes() == b'{"a":2}\n'


def test_removed_folder_is_made_again(site: Any) -> None:
    """After `rm -r`, further lines stand in a new file in a new folder."""
    file = site.file()
    assert write_line(file, b'{"a":1}\n')
    shutil.rmtree(site.folder)
    assert write_line(file, b'{"a":2}\n')
    assert site.path.read_bytes() == b'{"a":2}\n'


def test_rotation_by_renaming_is_followed(site: Any) -> None:
    """After `mv`, further lines stand in a new file, and the old one keeps its own."""
    file = site.file()
    assert write_line(file, b'{"a":1}\n')
    rotated = site.path.rename(site.folder / "log.jsonl.1")
    assert write_line(file, b'{"a":2}\n')
    assert (b'{"a":1}\n', b'{"a":2}\n') == (rotated.read_bytes(), site.path.read_bytes())


def test_rotation_by_truncating_leaves_no_hole(site: Any) -> None:
    """After copy and truncate, further lines stand at the file's start."""
    file = site.file()
    assert write_line(file, b'{"a":1}\n')
    os.truncate(site.path, 0)
    assert write_line(file, b'{"a":2}\n')
    assert site.path.read_bytes() == b'{"a":2}\n'


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="this system does not list descriptors")
def test_closed_descriptor_is_opened_again(site: Any) -> None:
    """When somebody closes all descriptors, the next line opens the file anew."""
    file = site.file()
    assert write_line(file, b'{"a":1}\n')
    (link,) = (link for link in Path("/proc/self/fd").iterdir() if link.resolve() == site.path.resolve())
    os.close(int(link.name))
    assert write_line(file, b'{"a":2}\n')
    assert site.path.read_bytes() == b'{"a":1}\n{"a":2}\n'


def test_full_disk_is_survived(site: Any, small_disk: Path) -> None:
    """On a full disk whole lines stay, the others wait, and all are there once there is room."""
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * (44 << 10))
    file = site.file()
    lines = [b'{"n":%d,"x":"%s"}\n' % (number, b"x" * 500) for number in range(60)]
    for line in lines:
        assert file.append(line)
        file.flush()
        site.clock.advance(2.0)
    there = site.path.read_bytes()
    assert b"".join(lines).startswith(there)
    assert there.endswith(b"\n")
    assert not file.flush()
    ballast.unlink()
    site.clock.advance(2.0)
    assert file.flush()
    assert b"".join(lines) == site.path.read_bytes()


@pytest.mark.skipif(sys.platform == "win32", reason="this system has no file-size limit")
def test_file_size_limit_is_survived(tmp_path: Path) -> None:
    """At the limit whole lines stay (each 9 bytes long), and once it is lifted all are there."""
    path = tmp_path / "log.jsonl"
    done = subprocess.run(
        [sys.executable, "-c", _WRITES_BEYOND_THE_LIMIT, str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == "495\n"
    assert path.read_bytes().count(b"\n") == 101
