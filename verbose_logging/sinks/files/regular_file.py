"""Opens regular files for appending, and nothing else: a FIFO would block, a link could lead to a victim."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from itertools import takewhile
from pathlib import Path

_FLAGS = (
    os.O_RDWR  # read, too: whoever repairs the tail looks at the very file that is written
    | os.O_APPEND
    | os.O_CREAT
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_BINARY", 0)
)


def open_regular(path: Path) -> int:
    """Returns a descriptor that appends to the file, made with its folders for the owner alone where missing.

    Raises:
        OSError: The file cannot be opened, or the path leads to something else than a regular file.
    """
    make_folders(path.parent)
    if path.is_symlink():
        raise OSError(errno.ELOOP, "a symbolic link, not a regular file", str(path))
    descriptor = os.open(path, _FLAGS, 0o600)
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        kind = "a FIFO" if stat.S_ISFIFO(mode) else "a device"
        raise OSError(errno.EINVAL, f"{kind}, not a regular file", str(path))
    return descriptor


def is_at(descriptor: int, path: Path) -> bool:
    """Returns whether the path still leads to the open file: false once it is removed or rotated away."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.lstat(path))
    except OSError:
        return False


def write_all(descriptor: int, data: bytes) -> None:
    """Writes all of the data, or nothing.

    Raises:
        OSError: There is no room for all of it; what was written of it is cut off again.
    """
    size = os.fstat(descriptor).st_size
    rest = memoryview(data)
    try:
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    except OSError:
        os.ftruncate(descriptor, size)
        raise


def close_quietly(descriptor: int) -> None:
    """Closes the descriptor; what the system says of it helps nobody any more."""
    with contextlib.suppress(OSError):
        os.close(descriptor)


def make_folders(folder: Path) -> None:
    """Makes the folder and those above it that are missing, for the owner alone."""
    missing = takewhile(lambda parent: not parent.exists(), (folder, *folder.parents))
    for parent in reversed(list(missing)):
        parent.mkdir(mode=0o700, exist_ok=True)
