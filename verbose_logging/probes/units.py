"""Sizes as the log states them: a GB is 1024**3 bytes and an MB is 1024**2 bytes, as in the tools of the field."""

from __future__ import annotations


def gb(size_bytes: float) -> float:
    """Returns a size in GB.

    Example:
        >>> gb(3 * 1024**3)
        3.0
    """
    return size_bytes / 1024**3


def mb(size_bytes: float) -> float:
    """Returns a size in MB.

    Example:
        >>> mb(512 * 1024)
        0.5
    """
    return size_bytes / 1024**2


def percent(part: float, whole: float) -> float:
    """Returns how many percent of the whole the part is; the whole is above 0.

    Example:
        >>> percent(1, 8)
        12.5
    """
    return 100.0 * part / whole
