from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verbose_logging.sinks.fallback import Fallback
from verbose_logging.sinks.files.append_file import AppendFile
from verbose_logging.sinks.files.pending import PendingLines
from verbose_logging.testing import ManualClock


def refuse(number: int) -> Callable[[int, bytes], int]:
    """Returns a write that always fails with that errno."""

    def write(_descriptor: int, _data: bytes) -> int:
        raise OSError(number, os.strerror(number))

    return write


def in_turn(*writes: Callable[[int, bytes], int]) -> Callable[[int, bytes], int]:
    """Returns a write that does what each of these does, one a call."""
    rest = iter(writes)

    def write(descriptor: int, data: bytes) -> int:
        return next(rest)(descriptor, data)

    return write


def test_lines_are_appended_in_order(site: Any) -> None:
    """What is flushed stands in the file, behind what was there."""
    site.folder.mkdir()
    site.path.write_bytes(b"{}\n")
    file = site.file()
    file.append(b'{"a":1}\n')
    file.append(b'{"a":2}\n')
    assert file.flush()
    assert site.path.read_bytes() == b'{}\n{"a":1}\n{"a":2}\n'
    file.close()


def test_nothing_is_made_before_the_first_line(site: Any) -> None:
    """A file without lines never comes to be, not even by flushing and closing."""
    file = site.file()
    file.flush()
    file.close()
    assert not site.folder.exists()


def test_file_and_folders_are_the_owners_alone(site: Any) -> None:
    """Folders that we make are 0700 throughout, files 0600."""
    path = site.folder / "deep" / "log.jsonl"
    file = site.file(path)
    file.append(b"{}\n")
    file.close()
    modes = [stat.S_IMODE(place.stat().st_mode) for place in (site.folder, site.folder / "deep", path)]
    assert [0o700, 0o700, 0o600] == modes


def test_cut_tail_of_a_killed_run_is_repaired_and_noted(site: Any) -> None:
    """A fragment at the end goes to the error log, and the new run begins on a line of its own."""
    site.folder.mkdir()
    site.path.write_bytes(b'{"a":1}\n{"a":')
    file = site.file()
    file.append(b'{"a":2}\n')
    file.close()
    assert site.path.read_bytes() == b'{"a":1}\n{"a":2}\n'
    assert "cut a torn line of 5 bytes off" in site.errors
    assert '{"a":' in site.errors


def test_line_under_way_of_another_writer_is_not_cut(site: Any) -> None:
    """While one file is open, another one at the same path ends a fragment instead of cutting it."""
    pytest.importorskip("fcntl", reason="this system has no flock")
    first, second = site.file(), site.file()
    first.append(b'{"a":1}\n')
    first.flush()
    with site.path.open("ab") as log:
        log.write(b'{"a":')
    second.append(b'{"b":1}\n')
    second.close()
    assert site.path.read_bytes() == b'{"a":1}\n{"a":\n{"b":1}\n'
    first.close()


def test_batches_are_cut_at_line_ends(site: Any) -> None:
    """No write takes more than 256 KiB, and each takes whole lines."""
    batches: list[bytes] = []

    def write(descriptor: int, data: bytes) -> int:
        batches.append(data)
        return os.write(descriptor, data)

    file = site.file(write=write)
    lines = [b"%07d" % number * 14 + b"\n" for number in range(6000)]
    for line in lines:
        file.append(line)
    file.close()
    assert b"".join(lines) == site.path.read_bytes()
    assert all(len(batch) <= 256 << 10 and batch.endswith(b"\n") for batch in batches)
    assert len(batches) == 3


def test_failing_write_keeps_the_lines_and_tries_again_when_due(site: Any) -> None:
    """After a failure lines wait, attempts pause 0.1 s, then twice as long, and the lines arrive once."""
    attempts: list[float] = []

    def write(descriptor: int, data: bytes) -> int:
        attempts.append(site.clock.monotonic())
        if len(attempts) <= 3:
            raise OSError(errno.EIO, "I/O error")
        return os.write(descriptor, data)

    file = site.file(write=write)
    file.append(b"{}\n")
    for _ in range(20):
        file.flush()
        site.clock.advance(0.0625)
    assert [0.0, 0.125, 0.375, 0.8125] == attempts
    assert site.path.read_bytes() == b"{}\n"


def test_pause_grows_to_two_seconds_and_no_further(site: Any) -> None:
    """A disk that heals after hours is tried within two seconds."""
    attempts: list[float] = []

    def write(_descriptor: int, _data: bytes) -> int:
        attempts.append(site.clock.monotonic())
        raise OSError(errno.EIO, "I/O error")

    file = site.file(write=write)
    file.append(b"{}\n")
    for _ in range(100):
        file.flush()
        site.clock.advance(0.5)
    assert attempts[-1] - attempts[-2] == 2.0


def test_state_changes_are_noted_and_the_user_is_warned_once(site: Any) -> None:
    """Failing and recovering are a line each, with path and reason; one warning names both."""
    file = site.file(write=in_turn(refuse(errno.ENOSPC), refuse(errno.ENOSPC), os.write))
    file.append(b"{}\n")
    for _ in range(3):
        file.flush()
        site.clock.advance(2.0)
    failing, recovered = site.errors.splitlines()
    assert f"cannot write {site.path}: No space left on device (errno 28); 1 lines wait in memory" in failing
    assert f"writing {site.path} again: 0 lines were dropped so far" in recovered
    (warning,) = site.warnings
    assert f"cannot write {site.path}: No space left on device" in warning


def test_drops_are_counted_exactly_at_the_bound(site: Any) -> None:
    """A full memory refuses new lines, keeps the old ones, and the count is noted when writing works again."""
    file = site.file(pending=PendingLines(max_lines=2), write=in_turn(refuse(errno.ENOSPC), os.write))
    lines = [b'{"a":%d}\n' % number for number in range(5)]
    assert [True, True, False, False, False] == [file.append(line) for line in lines]
    site.clock.advance(1.0)
    assert file.flush()
    assert b"".join(lines[:2]) == site.path.read_bytes()
    assert "3 lines were dropped so far" in site.errors


def test_burst_beyond_the_memory_loses_nothing_on_a_healthy_disk(site: Any) -> None:
    """Where the memory is full but the file takes lines, they are written on the way."""
    file = site.file(pending=PendingLines(max_lines=2))
    lines = [b'{"a":%d}\n' % number for number in range(5)]
    assert all(file.append(line) for line in lines)
    file.close()
    assert b"".join(lines) == site.path.read_bytes()


def test_short_write_leaves_whole_lines_only(site: Any) -> None:
    """When a write stops within a line, the file is cut back to whole lines while the rest waits."""
    room = [10, 0]

    def write(descriptor: int, data: bytes) -> int:
        if not (taken := room.pop(0)):
            raise OSError(errno.ENOSPC, "full")
        return os.write(descriptor, data[:taken])

    file = site.file(write=write)
    file.append(b'{"a":1}\n')
    file.append(b'{"a":2}\n')
    assert not file.flush()
    assert site.path.read_bytes() == b'{"a":1}\n'
    room.append(100)
    site.clock.advance(1.0)
    assert file.flush()
    assert site.path.read_bytes() == b'{"a":1}\n{"a":2}\n'
    assert "torn" not in site.errors


def test_undelivered_lines_are_spilled_beside_the_log(site: Any) -> None:
    """What the file never took lies in a file of its own, and the error log names it."""
    file = site.file(write=refuse(errno.EIO))
    file.append(b'{"a":1}\n')
    file.append(b'{"a":2}\n')
    file.close()
    spill = site.folder / f"log.spill-{os.getpid()}.jsonl"
    assert spill.read_bytes() == b'{"a":1}\n{"a":2}\n'
    assert f"undelivered to {site.path}: 2 lines are in {spill}, 0 were dropped before: " in site.errors
    assert [] == site.said


def test_last_attempt_at_the_close_does_not_wait_to_be_due(site: Any) -> None:
    """A disk that healed within the pause gets the lines at the close."""
    file = site.file(write=in_turn(refuse(errno.EIO), os.write))
    file.append(b"{}\n")
    file.flush()
    file.close()
    assert site.path.read_bytes() == b"{}\n"


def test_rescue_saves_far_from_the_log(site: Any) -> None:
    """Lines are saved from a hung disk without a touch of its folder; stderr says where."""
    file = site.file()
    file.append(b"{}\n")
    file.rescue()
    assert not site.folder.exists()
    assert site.spilled() == b"{}\n"
    (said,) = site.said
    assert f"undelivered to {site.path}: 1 lines are in {site.temporary_folder}" in said


def test_sync_asks_the_disk_and_survives_its_refusal(site: Any) -> None:
    """An error of fsync is reported once and never taken for success or failure of the lines."""

    def fsync(_descriptor: int) -> None:
        raise OSError(errno.EIO, "I/O error")

    file = site.file(fsync=fsync)
    file.sync()
    assert site.errors == ""
    file.append(b"{}\n")
    file.flush()
    file.sync()
    file.sync()
    assert site.errors.count(f"fsync of {site.path}") == 1
    assert site.path.read_bytes() == b"{}\n"


@given(
    sizes=st.lists(st.integers(0, 40), max_size=30),
    takes=st.lists(st.one_of(st.integers(0, 60), st.just(-1)), max_size=30),
)
def test_lines_in_are_lines_out(sizes: list[int], takes: list[int]) -> None:
    """Whatever writes are cut short or fail, each line arrives once, whole and in order."""
    answers = list(takes)

    def write(descriptor: int, data: bytes) -> int:
        take = answers.pop(0) if answers else len(data)
        if take < 0:
            raise OSError(errno.EIO, "I/O error")
        return os.write(descriptor, data[:take])

    lines = [b'{"n":%d,"x":"%s"}\n' % (number, b"x" * size) for number, size in enumerate(sizes)]
    with tempfile.TemporaryDirectory() as folder:
        clock = ManualClock()
        path = Path(folder, "log.jsonl")
        file = AppendFile(path, clock=clock, fallback=Fallback(Path(folder), clock=clock), write=write)
        for line in lines:
            file.append(line)
            file.flush()
            clock.advance(0.5)
        while not file.flush():
            clock.advance(2.0)
        file.close()
        assert b"".join(lines) == (path.read_bytes() if path.exists() else b"")
