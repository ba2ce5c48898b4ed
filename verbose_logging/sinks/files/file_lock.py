"""Tells whether a file has other writers: each holds a shared lock, so whoever gets the exclusive one is alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


def share(descriptor: int) -> bool:
    """Takes the shared lock of a writer, for as long as the descriptor is open; returns whether it was granted."""
    return _flock(descriptor, "LOCK_SH")


@contextmanager
def alone(descriptor: int) -> Iterator[bool]:
    """Yields whether nobody else writes the file; if so, nobody begins to, until the context ends."""
    try:
        yield _flock(descriptor, "LOCK_EX")
    finally:
        share(descriptor)


def _flock(descriptor: int, kind: str) -> bool:
    try:
        import fcntl  # noqa: PLC0415 - Windows has none; nobody can be shown to be alone there

        fcntl.flock(descriptor, getattr(fcntl, kind) | fcntl.LOCK_NB)
    except (ImportError, OSError):
        return False
    return True
