"""How much a folder holds."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def folder_size_bytes(path: str | os.PathLike[str]) -> int | None:
    """Returns the sum of the sizes of all files below a folder, or the size of the file that is there instead.

    Links are neither followed nor counted. `None` where the path is missing or a part of it cannot be read.
    """
    try:
        size = _size_bytes(Path(path))
    except OSError:
        return None
    return size if Path(path).exists() else None  # tidied away while it was counted


def _size_bytes(path: Path) -> int:
    if path.is_dir():
        return sum(
            _file_bytes(Path(folder, name)) for folder, _, names in os.walk(path, onerror=_refuse) for name in names
        )
    return path.stat().st_size


def _file_bytes(file: Path) -> int:
    try:
        status = file.lstat()
    except FileNotFoundError:  # checkpoints are tidied up while they are counted
        return 0
    return status.st_size if stat.S_ISREG(status.st_mode) else 0


def _refuse(error: OSError) -> None:
    raise error
