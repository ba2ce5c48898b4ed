from __future__ import annotations

import errno
import os
from collections.abc import Callable, Sequence
from typing import Any

from verbose_logging.entries import (
    EntriesDropped,
    Entry,
    KnownEntry,
    ModelCheckpointSave,
    TrainingComplete,
    TrainingStepComplete,
    UserEntry,
    decode_entry,
)
from verbose_logging.sinks.encoding import EntryEncoder
from verbose_logging.sinks.files.pending import PendingLines
from verbose_logging.sinks.jsonl import JsonlSink

MakeStep = Callable[..., TrainingStepComplete]
MakeEnd = Callable[[int], TrainingComplete]


class Disk:
    """A disk that can be full."""

    def __init__(self) -> None:
        """Begins with room."""
        self.is_full = False
        self.syncs = 0

    def write(self, descriptor: int, data: bytes) -> int:
        """Writes, or refuses."""
        if self.is_full:
            raise OSError(errno.ENOSPC, "No space left on device")
        return os.write(descriptor, data)

    def fsync(self, _descriptor: int) -> None:
        """Counts."""
        self.syncs += 1


def build(site: Any, disk: Disk, *, max_lines: int = 100) -> JsonlSink:
    """Returns a sink on the disk."""
    pending = PendingLines(max_lines=max_lines)
    file = site.file(write=disk.write, fsync=disk.fsync, pending=pending)
    return JsonlSink(file, on_problem=site.fallback.problem)


def read(site: Any) -> list[KnownEntry]:
    """Returns the log's entries."""
    return [decode_entry(line) for line in site.path.read_bytes().splitlines()]


def test_each_entry_is_a_line(site: Any, step_entry: MakeStep) -> None:
    """What was written can be read back, equal and in order."""
    entries = [step_entry(seq, metrics={"loss": 1.0 / seq}) for seq in range(1, 50)]
    sink = build(site, Disk())
    sink.write(entries[:20])
    sink.write(entries[20:])
    sink.close()
    assert entries == read(site)


def test_lost_entries_leave_their_exact_number_in_the_log(site: Any, step_entry: MakeStep) -> None:
    """After a full disk the log says how many entries are missing, from when to when, in the place of the last one."""
    disk = Disk()
    sink = build(site, disk, max_lines=2)
    disk.is_full = True
    for seq in range(1, 8):
        sink.write([step_entry(seq)])
    disk.is_full = False
    site.clock.advance(5.0)
    sink.write([step_entry(8)])
    first, second, gap, last = read(site)
    assert [1, 2, 7, 8] == [entry.seq for entry in (first, second, gap, last)]
    assert isinstance(gap, EntriesDropped)
    assert (5, 5, 7, "r", 1) == (gap.count, gap.steps, gap.step, gap.run_id, gap.epoch)
    assert ("2025-01-01T00:00:03.000000+00:00", "2025-01-01T00:00:07.000000+00:00") == (gap.from_, gap.to)


def test_gap_is_told_without_a_further_entry(site: Any, step_entry: MakeStep) -> None:
    """Once the disk has room, a flush is enough to write what waited and what is missing, once."""
    disk = Disk()
    sink = build(site, disk, max_lines=1)
    disk.is_full = True
    sink.write([step_entry(1), step_entry(2)])
    disk.is_full = False
    site.clock.advance(5.0)
    sink.flush()
    sink.flush()
    sink.close()
    assert ["training_step_complete", "entries_dropped"] == [entry.__struct_config__.tag for entry in read(site)]


def test_end_is_kept_where_steps_are_dropped(site: Any, step_entry: MakeStep, end_entry: MakeEnd) -> None:
    """With the memory full, the entry of the end uses the reserve, and both it and the gap are saved at the close."""
    disk = Disk()
    sink = build(site, disk, max_lines=1)
    disk.is_full = True
    sink.write([step_entry(1), step_entry(2), step_entry(3), end_entry(4)])
    sink.close()
    kept = [decode_entry(line) for line in site.spilled().splitlines()]
    assert [1, 4, 3] == [entry.seq for entry in kept]
    assert isinstance(kept[2], EntriesDropped)
    assert kept[2].count == 2


def test_lost_entry_of_a_user_is_counted_as_well(site: Any, step_entry: MakeStep) -> None:
    """A user's own idea of step and epoch does not spoil the entry that reports the loss."""
    disk = Disk()
    sink = build(site, disk, max_lines=1)
    disk.is_full = True
    sink.write([step_entry(1), UserEntry({"type": "note", "run_id": "r", "seq": 2, "rank": 0, "step": "last"})])
    disk.is_full = False
    site.clock.advance(5.0)
    sink.close()
    gap = read(site)[1]
    assert isinstance(gap, EntriesDropped)
    assert (1, 0, 2, 0) == (gap.count, gap.steps, gap.seq, gap.step)


def test_entry_that_cannot_be_encoded_costs_no_other(site: Any, step_entry: MakeStep) -> None:
    """It is reported and counted as lost; its neighbours are written."""

    def encode(entries: Sequence[Entry]) -> list[bytes]:
        if 2 in [entry.seq for entry in entries]:
            raise ValueError(entries)
        return EntryEncoder().lines(entries)

    sink = JsonlSink(site.file(), on_problem=site.fallback.problem, encode=encode)
    sink.write([step_entry(1), step_entry(2), step_entry(3)])
    sink.close()
    assert [1, 3, 2] == [entry.seq for entry in read(site)]
    assert "encoding training_step_complete: " in site.errors


def test_checkpoint_and_end_are_brought_to_the_disk(site: Any, step_entry: MakeStep, end_entry: MakeEnd) -> None:
    """Fsync is asked for at a checkpoint and at the end, and not at steps."""
    disk = Disk()
    sink = build(site, disk)
    sink.write([step_entry(1)])
    assert disk.syncs == 0
    step = step_entry(2)
    sink.write(
        [
            ModelCheckpointSave(
                timestamp=step.timestamp,
                level="INFO",
                message="saved",
                run_id="r",
                seq=2,
                rank=0,
                step=2,
                epoch=1,
                path="checkpoint-2",
            )
        ]
    )
    assert disk.syncs == 1
    sink.write([end_entry(3)])
    assert disk.syncs == 2
