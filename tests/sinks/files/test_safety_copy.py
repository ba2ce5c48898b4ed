"""What a file has not taken for five seconds lies on a disk elsewhere, until it has."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from typing import Any

import pytest

from verbose_logging.sinks.files.sync_timer import SyncTimer
from verbose_logging.sinks.jsonl import JsonlSink

MakeStep = Callable[..., Any]


class Disk:
    """A disk that takes nothing while it is full."""

    def __init__(self) -> None:
        self.is_full = True

    def write(self, descriptor: int, data: bytes) -> int:
        """Writes, or refuses."""
        if self.is_full:
            raise OSError(errno.ENOSPC, "No space left on device")
        return os.write(descriptor, data)


def lines(*numbers: int) -> list[bytes]:
    """Returns lines."""
    return [b'{"n":%d}\n' % number for number in numbers]


def try_for(site: Any, file: Any, seconds: int) -> None:
    """Lets time pass, with an attempt every second."""
    for _ in range(seconds):
        site.clock.advance(1.0)
        file.flush()


@pytest.fixture
def disk() -> Disk:
    """Returns a full disk."""
    return Disk()


def test_nothing_is_copied_before_its_time(site: Any, disk: Disk) -> None:
    """A disk that comes back within five seconds leaves no trace of a spill file."""
    file = site.file(write=disk.write)
    file.append(*lines(1))
    try_for(site, file, 4)

    assert b"" == site.spilled()


def test_what_waits_too_long_is_copied_once(site: Any, disk: Disk) -> None:
    """After five seconds every line that waits lies in the spill file, and what comes later follows, each once."""
    file = site.file(write=disk.write)
    for line in lines(1, 2):
        file.append(line)
    try_for(site, file, 8)
    file.append(*lines(3))
    try_for(site, file, 8)

    assert b"".join(lines(1, 2, 3)) == site.spilled()
    assert 3 == file.account()["lines_waiting"]


def test_a_disk_that_recovers_has_everything_and_the_copy_goes(site: Any, disk: Disk) -> None:
    """The lines stand in the log, in order, and the spill file is gone."""
    file = site.file(write=disk.write)
    for line in lines(1, 2):
        file.append(line)
    try_for(site, file, 8)
    disk.is_full = False
    try_for(site, file, 3)

    assert b"".join(lines(1, 2)) == site.path.read_bytes()
    assert b"" == site.spilled()


def test_at_the_close_only_the_rest_is_added(site: Any, disk: Disk) -> None:
    """What was copied is not copied again, and the error log counts all of it."""
    file = site.file(write=disk.write)
    file.append(*lines(1))
    try_for(site, file, 8)
    file.append(*lines(2))
    file.close()

    assert b"".join(lines(1, 2)) == site.spilled()
    assert "2 lines are in" in site.errors


def test_the_interval_brings_the_log_to_the_disk(site: Any, step_entry: MakeStep) -> None:
    """With a timer of five seconds, eleven seconds of flushes are two fsyncs."""
    synced: list[int] = []
    timer = SyncTimer(5.0, site.clock)
    sink = JsonlSink(site.file(fsync=synced.append), on_problem=lambda *_: None, sync_timer=timer)
    for second in range(11):
        site.clock.advance(1.0)
        sink.write([step_entry(second + 1)])

    assert 2 == len(synced)
