"""Numbers, units and durations as text, shared by the console, the command line and the reports. Unknown is `-`."""

from __future__ import annotations

import math
from collections.abc import Mapping

UNKNOWN = "-"
_SLACK = 1e-6  # a share is a quotient of steps
_MINUTES_SAY_MORE = 120.0
_LEAST_SHARE = 0.0005  # of a run's time: what would be told as 0.0 %


def fixed(value: float | None, digits: int = 4) -> str:
    """Returns a number with so many decimals.

    Example:
        >>> fixed(10.23128), fixed(None), fixed(float("nan"))
        ('10.2313', '-', 'nan')
    """
    return UNKNOWN if value is None else f"{value:.{digits}f}"


def decimal(value: float | None, digits: int = 4) -> str:
    """Returns a number with so many decimals, or in scientific notation where those would show nothing of it.

    Example:
        >>> decimal(2.4567), decimal(0.00002), decimal(0.0), decimal(None)
        ('2.4567', '2.00e-05', '0.0000', '-')
    """
    too_small = value is not None and 0 < abs(value) < 0.5 * 10**-digits
    return scientific(value) if too_small else fixed(value, digits)


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


def percent_done(value: float | None) -> str:
    """Returns a share of a run, cut so that 100% means the end.

    Example:
        >>> percent_done(25.0), percent_done(7.000000000000001), percent_done(99.999), percent_done(12.5)
        ('25%', '7%', '99.99%', '12.5%')
    """
    return UNKNOWN if value is None else f"{math.floor(100 * value + _SLACK) / 100:g}%"


def rate(value: float | None) -> str:
    """Returns how often something happens in a second, with two decimals or, when it is rare, two digits.

    Example:
        >>> rate(17.234), rate(0.85), rate(0.00417), rate(None)
        ('17.23', '0.85', '0.0042', '-')
    """
    if value is None or not 0 < value < 0.1:  # noqa: PLR2004 - two decimals would show one digit or none
        return fixed(value, 2)
    return f"{value:.2g}"


def step_duration(seconds: float | None) -> str:
    """Returns how long a step takes.

    Example:
        >>> step_duration(0.05803), step_duration(12.5), step_duration(None)
        ('58.03ms', '12.50s', '-')
    """
    if seconds is None:
        return UNKNOWN
    return f"{1000 * seconds:.2f}ms" if seconds < 1 else f"{seconds:.2f}s"


def elapsed(minutes: float | None) -> str:
    """Returns how long a run has been under way, with the minutes as long as they say more than the hours.

    Example:
        >>> elapsed(147.0), elapsed(73.8), elapsed(0.25), elapsed(None)
        ('2.45 hours', '1.23 hours (73.8 min)', '15.0 s', '-')
    """
    if minutes is None:
        return UNKNOWN
    if minutes < 1:
        return f"{60 * minutes:.1f} s"
    hours = f"{minutes / 60:.2f} hours"
    return f"{hours} ({minutes:.1f} min)" if minutes < _MINUTES_SAY_MORE else hours


def memory(used_gb: float | None, total_gb: float | None) -> str:
    """Returns how much memory is used, and of how much where that is known.

    Example:
        >>> memory(8.42, 24), memory(0.912, None)
        ('8.42GB / 24.00GB', '0.91GB')
    """
    if used_gb is None:
        return UNKNOWN
    return f"{used_gb:.2f}GB" if total_gb is None else f"{used_gb:.2f}GB / {total_gb:.2f}GB"


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
        >>> short_duration(0.0123), short_duration(75), short_duration(7300), short_duration(-3), short_duration(None)
        ('12.3 ms', '1 min 15 s', '2 h 1 min', '-3 s', '-')
        >>> short_duration(0.9997), short_duration(60 * 60 * 30)
        ('1 s', '1 d 6 h')
    """
    if seconds is None or not math.isfinite(seconds):
        return UNKNOWN
    if seconds < 0:
        return f"-{short_duration(-seconds)}"
    if seconds < 0.9995:  # noqa: PLR2004 - what is rounded to 1000 ms is a second
        return f"{1000 * seconds:.3g} ms"
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:  # noqa: PLR2004 - an hour
        return f"{minutes} min {rest} s"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if hours < 24 else f"{hours // 24} d {hours % 24} h"  # noqa: PLR2004 - a day


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


def peak(name: str, value: float) -> str:
    """Returns a peak with the unit that its name tells.

    Example:
        >>> peak("memory_usage_peak", 68.25), peak("process_memory_peak", 912.0)
        ('68.2%', '912 MB')
    """
    if name.endswith("usage_peak"):
        return percent(value)
    return f"{thousands(value)} MB" if name == "process_memory_peak" else f"{value:.4g}"


def ledger_rows(ledger: Mapping[str, float]) -> list[tuple[str, str, str]]:
    """Returns where the time went, largest part first and the total last: name, seconds, share; empty without a total.

    Parts of less than 0.05 % are left out.

    Example:
        >>> ledger_rows({"other_seconds": 1.0, "data_wait_seconds": 3.0, "total_seconds": 4.0})
        [('data wait', '3.00 s', '75.0%'), ('other', '1.00 s', '25.0%'), ('total', '4.00 s', '100.0%')]
    """
    parts = dict(ledger)
    total = parts.pop("total_seconds", None)
    if not total:
        return []
    told = [(name, seconds) for name, seconds in parts.items() if seconds / total >= _LEAST_SHARE]
    rows = [*sorted(told, key=lambda part: -part[1]), ("total", total)]
    return [
        (name.removesuffix("_seconds").replace("_", " "), f"{fixed(seconds, 2)} s", percent(100 * seconds / total))
        for name, seconds in rows
    ]
