"""A run's entries as they are written, for server-sent events."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from itertools import islice
from pathlib import Path

import anyio
from anyio import to_thread

from verbose_logging.reading.fields import count_at, text_at
from verbose_logging.reading.files.follow import Follower
from verbose_logging.reading.files.lines import BrokenLineError, Line, parse_object
from verbose_logging.run_document import OUTCOMES

POLL_SECONDS = 0.25
_QUIET_POLLS = 60  # then a comment keeps the connection open
_MOST_LINES = 500


class Feed:
    """Reads a run's lines on from where it was.

    Args:
        path: The log.
        run_id: The run.
        after: Entries up to this `seq` are passed over.
    """

    def __init__(self, path: Path, run_id: str, *, after: int) -> None:
        self._follower = Follower(path)
        self._lines: Iterator[Line] = iter(())
        self._run_id = run_id
        self._after = after
        self.has_ended = False

    def read(self) -> list[bytes]:
        """Returns the next entries as events, `[]` when everything that is there has been read."""
        while True:
            lines = list(islice(self._lines, _MOST_LINES))
            if not lines:
                self._lines = self._follower.new_lines()
                lines = list(islice(self._lines, _MOST_LINES))
            if not lines:
                return []
            if events := [event for event in map(self._event, lines) if event]:
                return events

    def close(self) -> None:
        """Lets go of the file."""
        self._follower.close()

    def _event(self, line: Line) -> bytes:
        try:
            entry = parse_object(line)
        except BrokenLineError:
            return b""
        if entry.get("run_id") != self._run_id:
            return b""
        kind, seq = text_at(entry, "type") or "", count_at(entry, "seq") or 0
        self.has_ended = kind in OUTCOMES
        return b"id: %d\nevent: %s\ndata: %s\n\n" % (seq, kind.encode(), line.content) if seq > self._after else b""


def is_over(path: Path, run_id: str, *, after: int) -> bool:
    """Returns whether a run has ended and has no entry behind that `seq`."""
    feed = Feed(path, run_id, after=after)
    try:
        return not feed.read() and feed.has_ended
    finally:
        feed.close()


async def events(
    run_id: str, find: Callable[[], Path | None], is_alive: Callable[[], bool | None], *, after: int
) -> AsyncIterator[bytes]:
    """Yields a run's entries as server-sent events until the run has ended.

    Args:
        run_id: The run.
        find: Returns its log, `None` while there is none yet.
        is_alive: Returns whether its process is there, `None` where that is not known.
        after: Entries up to this `seq` are passed over.
    """
    while (path := await to_thread.run_sync(find)) is None:
        if not is_alive():
            return
        yield b": waiting for the first entry\n\n"
        await anyio.sleep(POLL_SECONDS)
    feed = Feed(path, run_id, after=after)
    quiet = 0
    try:
        while True:
            was_alive = is_alive()
            batch = await to_thread.run_sync(feed.read)
            if batch:
                quiet = 0
                yield b"".join(batch)
            elif feed.has_ended or was_alive is False:
                return
            else:
                quiet += 1
                if quiet % _QUIET_POLLS == 0:
                    yield b": still there\n\n"
                await anyio.sleep(POLL_SECONDS)
    finally:
        feed.close()
