"""A run that is under way: its summary so far, its latest losses and what it said last."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from verbose_logging.errors import LogError
from verbose_logging.reading.fields import text_at
from verbose_logging.reading.files.follow import Follower
from verbose_logging.reading.files.scan import LogScan
from verbose_logging.reading.files.step_lines import StepBlock
from verbose_logging.reading.liveness import with_liveness
from verbose_logging.reading.summary import PARTS, summary_of
from verbose_logging.reading.summary.part import Part
from verbose_logging.reading.summary.runs import NewestRun

_LOSSES_KEPT = 60
_MESSAGES_KEPT = 8
_SILENT = frozenset({"heartbeat", "progress_report", "epoch_begin"})


class Recent(Part):
    """The latest losses and messages of a run."""

    def __init__(self) -> None:
        self._losses: deque[float] = deque(maxlen=_LOSSES_KEPT)
        self._messages: deque[tuple[str, str, str]] = deque(maxlen=_MESSAGES_KEPT)

    def take(self, kind: str, entry: Mapping[str, Any]) -> None:
        """Takes in an entry."""
        message = text_at(entry, "message")
        if message and kind not in _SILENT:
            said = (text_at(entry, "timestamp") or "", text_at(entry, "level") or "", message)
            self._messages.append(said)

    def take_steps(self, block: StepBlock) -> None:
        """Takes in steps."""
        self._losses.extend(loss for loss in block.column("loss")[-_LOSSES_KEPT:] if loss is not None)

    def result(self) -> dict[str, Any]:
        """Returns `recent_losses` and `recent_messages` (timestamp, level, message), the oldest first."""
        return {"recent_losses": list(self._losses), "recent_messages": list(self._messages)}


class Watch:
    """Follows a log and sums up its newest run at any moment.

    Args:
        path: The log.

    Raises:
        LogError: It cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._follower = Follower(path)
        self._scan = LogScan(path)
        self._newest = NewestRun((*PARTS, Recent))

    def look(self, now: datetime) -> dict[str, Any]:
        """Returns the summary after what has been written since the last look; empty where there is no entry yet.

        Args:
            now: The present moment, with its time zone.

        Raises:
            LogError: There are lines in the file, and none of them is an entry.
        """
        for block in self._follower.new_blocks():
            self._newest.follow(self._scan.items(block))
        summary = summary_of(self._newest.parts(), now)
        if summary:
            return with_liveness(summary, self._path, now)
        if self._scan.problems.kept:
            line, what = self._scan.problems.kept[0]
            raise LogError(f"{self._path}: no log entry in it; line {line}: {what}")
        return {}

    def close(self) -> None:
        """Lets go of the file."""
        self._follower.close()
