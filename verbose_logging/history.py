"""What an earlier session's log knows of the checkpoint that this session resumes from."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from verbose_logging.entries import ModelCheckpointSave, decode_entry

_BLOCK_BYTES = 1 << 20
_MOST_BYTES = 256 << 20


def tokens_at_checkpoint(log_path: Path, checkpoint: str, step: int) -> int | None:
    """Returns the real tokens that had been seen when a checkpoint was saved, `None` where the log does not say.

    Reads backwards from the log's end, where the checkpoint most likely stands, and 256 MiB at most.

    Args:
        log_path: The log.
        checkpoint: The checkpoint's folder, as the Trainer names it.
        step: The checkpoint's step.
    """
    try:
        for line in _lines_backwards(log_path):
            if b'"model_checkpoint_save"' in line and (tokens := _tokens(line, checkpoint, step)) is not None:
                return tokens
    except OSError:  # no log, or none that can be read: then it does not say
        return None
    return None


def _tokens(line: bytes, checkpoint: str, step: int) -> int | None:
    try:
        entry = decode_entry(line)
    except msgspec.MsgspecError:
        return None
    if not isinstance(entry, ModelCheckpointSave) or entry.step != step:
        return None
    if os.path.realpath(entry.path) != os.path.realpath(checkpoint):
        return None
    tokens = entry.metrics.get("num_tokens")
    return tokens if isinstance(tokens, int) else None


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
