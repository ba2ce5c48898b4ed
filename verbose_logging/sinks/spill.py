"""Saves lines that their own file did not take in a file of their own."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from verbose_logging.sinks.regular_file import open_regular, write_all


def spill_beside(path: Path, lines: Sequence[bytes]) -> Path:
    """Returns the file in the log's own folder that now holds the lines.

    Raises:
        OSError: The folder does not take them.
    """
    return _spill(path.parent, path, lines)


def spill_elsewhere(path: Path, lines: Sequence[bytes], *, temporary_folder: Path | None = None) -> Path:
    """Returns the file, in a new folder for temporary files, that now holds the lines.

    Raises:
        OSError: There is no room there either.
    """
    return _spill(Path(tempfile.mkdtemp(prefix="verbose-logging-", dir=temporary_folder)), path, lines)


def _spill(folder: Path, path: Path, lines: Sequence[bytes]) -> Path:
    target = folder / f"{path.stem}.spill-{os.getpid()}.jsonl"
    descriptor = open_regular(target)
    try:
        write_all(descriptor, b"".join(lines))
    except OSError:
        if os.fstat(descriptor).st_size == 0:
            target.unlink()
        raise
    finally:
        os.close(descriptor)
    return target
