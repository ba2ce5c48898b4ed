"""What the log of earlier sessions knows of the checkpoint that this one resumes from: the run that goes on."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from verbose_logging.entries import ModelCheckpointSave, decode_entry
from verbose_logging.facts import Lineage
from verbose_logging.reading.files.lines import UNREADABLE
from verbose_logging.reading.files.spilled import spill_files

_BLOCK_BYTES = 1 << 20
_MOST_BYTES = 256 << 20


class _Head(msgspec.Struct):
    """What a line says of its place in the run."""

    type: str
    run_id: str
    seq: int
    session: int = 1


_head_of = msgspec.json.Decoder(_Head).decode


def lineage_of_checkpoint(log_path: Path, checkpoint: str, step: int) -> Lineage | None:
    """Returns the run that saved a checkpoint, `None` where the log does not know of it.

    Reads backwards from the log's end, where the checkpoint most likely stands, and 256 MiB at most.

    Args:
        log_path: The log.
        checkpoint: The checkpoint's folder, as the Trainer names it.
        step: The checkpoint's step.
    """
    search = _Search(os.path.realpath(checkpoint), step)
    try:
        for line in _lines_backwards(log_path):
            search.look_at(line)
            if search.is_over:
                break
    except OSError:  # no log, or none that can be read: then it does not say
        return None
    for spilled in spill_files(log_path):
        search.look_into(spilled)
    return search.lineage()


class _Search:
    """Goes through a log from its end: each run's last line comes first, its latest start later on."""

    def __init__(self, checkpoint: str, step: int) -> None:
        self._checkpoint = checkpoint
        self._step = step
        self._last_seqs: dict[str, int] = {}
        self._sessions: dict[str, int] = {}
        self._saved: ModelCheckpointSave | None = None

    @property
    def is_over(self) -> bool:
        return self._saved is not None and self._saved.run_id in self._sessions

    def look_at(self, line: bytes) -> None:
        try:
            head = _head_of(line)
        except UNREADABLE:  # a cut line, or one of somebody else
            return
        self._last_seqs.setdefault(head.run_id, head.seq)
        if head.type == "training_start":
            self._sessions.setdefault(head.run_id, head.session)
        elif head.type == "model_checkpoint_save" and self._saved is None:
            self._saved = self._matching(line)

    def look_into(self, spilled: Path) -> None:
        """Takes in how far the runs came by a file of lines that the log never took."""
        with contextlib.suppress(OSError), spilled.open("rb") as file:
            for line in file:
                with contextlib.suppress(*UNREADABLE):
                    head = _head_of(line)
                    self._last_seqs[head.run_id] = max(head.seq, self._last_seqs.get(head.run_id, 0))

    def _matching(self, line: bytes) -> ModelCheckpointSave | None:
        try:
            entry = decode_entry(line)
        except UNREADABLE:
            return None
        if not isinstance(entry, ModelCheckpointSave) or entry.step != self._step:
            return None
        return entry if os.path.realpath(entry.path) == self._checkpoint else None

    def lineage(self) -> Lineage | None:
        if self._saved is None:
            return None
        run_id, tokens = self._saved.run_id, self._saved.metrics.get("num_tokens")
        return Lineage(
            run_id,
            last_seq=self._last_seqs[run_id],
            session=self._sessions.get(run_id),
            num_tokens=tokens if isinstance(tokens, int) else None,
        )


def _lines_backwards(path: Path) -> Iterator[bytes]:
    """Yields the lines of a file from its last to its first, the cut ones too."""
    with path.open("rb") as file:
        position = file.seek(0, os.SEEK_END)
        lowest = max(0, position - _MOST_BYTES)
        rest = b""
        while position > lowest:
            size = min(_BLOCK_BYTES, position - lowest)
            position -= size
            file.seek(position)
            first, *lines = (file.read(size) + rest).split(b"\n")
            yield from reversed(lines)
            rest = first
        yield rest
