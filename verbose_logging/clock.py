"""The machine's clocks."""

from __future__ import annotations

import time
from datetime import datetime


class SystemClock:
    """The real clocks; what everything but a test is given."""

    def monotonic(self) -> float:
        """Returns seconds that never go back."""
        return time.monotonic()

    def wall(self) -> float:
        """Returns seconds since the epoch."""
        return time.time()

    def utc_offset_seconds(self) -> float:
        """Returns the local time zone's offset at this moment, in seconds east of UTC."""
        offset = datetime.now().astimezone().utcoffset()
        return offset.total_seconds() if offset else 0.0
