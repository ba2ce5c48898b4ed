"""Numbers, units and durations as text, shared by the console, the command line and the reports. Unknown is `-`."""

from __future__ import annotations

import math

UNKNOWN = "-"


def fixed(value: float | None, digits: int = 4) -> str:
    """Returns a number with so many decimals.

    Example:
        >>> fixed(10.23128), fixed(None), fixed(float("nan"))
        ('10.2313', '-', 'nan')
    """
    return UNKNOWN if value is None else f"{value:.{digits}f}"


def scientific(value: float | None) -> str:
    """Returns a number in scientific notation with two decimals.

    Example:
        >>> scientific(1e-5), scientific(None)
        ('1.00e-05', '-')
    """
    return UNKNOWN if value is None else f"{value:.2e}"


def thousands(value: float | None) -> str:
    """Returns a whole number with separators.

    Example:
        >>> thousands(1536000000), thousands(None)
        ('1,536,000,000', '-')
    """
    return UNKNOWN if value is None else f"{value:,.0f}"


def counted(count: int, noun: str) -> str:
    """Returns a count with its noun.

    Example:
        >>> counted(1, "step"), counted(1200, "step")
        ('1 step', '1,200 steps')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def percent(value: float | None, digits: int = 1) -> str:
    """Returns a percentage.

    Example:
        >>> percent(42.15, 2), percent(None)
        ('42.15%', '-')
    """
    return UNKNOWN if value is None else f"{value:.{digits}f}%"


def clock_duration(seconds: float | None) -> str:
    """Returns a duration as HH:MM:SS; the hours grow beyond two digits where they must.

    Example:
        >>> clock_duration(26505), clock_duration(400000), clock_duration(None)
        ('07:21:45', '111:06:40', '-')
    """
    if seconds is None or not math.isfinite(seconds):
        return UNKNOWN
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{rest:02d}"


def short_duration(seconds: float | None) -> str:
    """Returns a duration for a sentence, in the two units that matter.

    Example:
        >>> short_duration(0.0123), short_duration(75), short_duration(7300), short_duration(None)
        ('12.3 ms', '1 min 15 s', '2 h 1 min', '-')
    """
    if seconds is None or not math.isfinite(seconds):
        return UNKNOWN
    if seconds < 1:
        return f"{1000 * seconds:.3g} ms"
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:  # noqa: PLR2004 - an hour
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def byte_size(size: float | None) -> str:
    """Returns a number of bytes in decimal units.

    Example:
        >>> byte_size(999), byte_size(1_500_000), byte_size(None)
        ('999 B', '1.5 MB', '-')
    """
    if size is None:
        return UNKNOWN
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:  # noqa: PLR2004 - decimal units
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
