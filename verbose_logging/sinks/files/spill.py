"""Saves lines that their own file did not take in a file of their own."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from verbose_logging.sinks.files.regular_file import open_regular, write_all


def spill_beside(path: Path, lines: Sequence[bytes]) -> Path:
    """Returns the file in the log's own folder that now holds the lines.

    Raises:
        OSError: The folder does not take them.
    """
    return spill_into(_place_in(path.parent, path), path, lines)


def spill_elsewhere(path: Path, lines: Sequence[bytes], *, temporary_folder: Path | None = None) -> Path:
    """Returns the file, in a new folder for temporary files, that now holds the lines.

    Raises:
        OSError: There is no room there either.
    """
    folder = Path(tempfile.mkdtemp(prefix="verbose-logging-", dir=temporary_folder))
    return spill_into(_place_in(folder, path), path, lines)


def spill_into(target: Path, _path: Path, lines: Sequence[bytes]) -> Path:
    """Returns the spill file, which now holds these lines too.

    Raises:
        OSError: It does not take them.
    """
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


def _place_in(folder: Path, path: Path) -> Path:
    return folder / f"{path.stem}.spill-{os.getpid()}.jsonl"
