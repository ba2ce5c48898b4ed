"""Dates as a log has them: ISO 8601, microseconds, the offset from UTC."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

_MICROSECONDS = 1_000_000
_LENGTH = len("2023-11-15T00:13:20")
_SECONDS_KEPT = 16


class Dates:
    """Writes dates of one time zone.

    Many dates lie within one second, so all but the microseconds is written once a second.

    Args:
        utc_offset_seconds: The zone, in seconds east of UTC.

    Example:
        >>> Dates(7200).date(1_700_000_000.25)
        '2023-11-15T00:13:20.250000+02:00'
    """

    def __init__(self, utc_offset_seconds: float = 0.0) -> None:
        self._zone = timezone(timedelta(seconds=round(utc_offset_seconds)))
        self._patterns: dict[int, str] = {}  # of the seconds in use: now, and when training will end

    def date(self, wall: float) -> str:
        """Returns the date of a wall-clock time.

        Args:
            wall: Seconds since the epoch.

        Raises:
            OverflowError, ValueError: No calendar has that date.
        """
        second = int(wall // 1)
        microsecond = round((wall - second) * _MICROSECONDS)
        if microsecond == _MICROSECONDS:
            second, microsecond = second + 1, 0
        return (self._patterns.get(second) or self._write(second)) % microsecond

    def _write(self, second: int) -> str:
        """Returns the date of a second, with a place for the microseconds."""
        whole = datetime.fromtimestamp(second, self._zone).isoformat(timespec="seconds")
        if len(self._patterns) == _SECONDS_KEPT:
            self._patterns.clear()
        pattern = self._patterns[second] = f"{whole[:_LENGTH]}.%06d{whole[_LENGTH:]}"
        return pattern
