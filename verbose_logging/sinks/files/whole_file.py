"""Writes a file as a whole or not at all: beside it under another name, then in its place."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

from verbose_logging.sinks.files.regular_file import make_folders

_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


def replace_file(path: Path, blocks: Iterable[bytes], *, lasting: bool = False) -> None:
    """Puts a file with that content in the place of the one that may be there; for the owner alone.

    Args:
        path: The file.
        blocks: Its content.
        lasting: Whether to wait until the disk has it.

    Raises:
        OSError: It could not be written; what was there is still there.
    """
    make_folders(path.parent)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.unlink(missing_ok=True)  # left behind by a process that was killed and had our number
    descriptor = os.open(temporary, _FLAGS, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(blocks)
            if lasting:
                file.flush()
                os.fsync(file.fileno())
        temporary.replace(path)  # a symbolic link at the path is replaced, not followed
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def claim_name(folder: Path, stem: str, suffix: str) -> Path:
    """Returns the path of a new and empty file of that name, `-2` and so on behind it where it is taken.

    Raises:
        OSError: The folder takes no file.
    """
    make_folders(folder)
    number = 1
    while True:
        path = folder / f"{stem}{'' if number == 1 else f'-{number}'}{suffix}"
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, _FLAGS, 0o600))
            return path
        number += 1
