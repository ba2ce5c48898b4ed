"""Several waits in the time of the longest, or one after the other."""

from __future__ import annotations

import threading
from functools import partial

from verbose_logging.sinks.at_once import all_at_once


def _wait(together: threading.Barrier) -> None:
    together.wait()


def test_each_waits_for_all_others() -> None:
    """Three that can only end together do end."""
    together = threading.Barrier(3, timeout=60)

    all_at_once([partial(_wait, together)] * 3)

    assert not together.broken


def test_without_further_threads_they_run_in_their_order() -> None:
    """The first, which is the log itself, is not kept waiting by those after it."""
    done: list[str] = []

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread at interpreter shutdown")

    all_at_once([partial(done.append, name) for name in ("log", "short log", "document")], start=refuse)

    assert ["log", "short log", "document"] == done
