"""Several waits for the disk, or for anything else that lets others run meanwhile, in the time of the longest."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence


def all_at_once(actions: Sequence[Callable[[], None]]) -> None:
    """Runs each action on a thread of its own, and returns once all are done; they must not raise.

    While the interpreter ends and starts no thread any more, they run one after the other.

    Example:
        >>> done = []
        >>> all_at_once([lambda: done.append("log"), lambda: done.append("document")])
        >>> sorted(done)
        ['document', 'log']
    """
    threads = [thread for action in actions[1:] if (thread := _started(action)) is not None]
    for action in actions[:1]:
        action()
    for thread in threads:
        thread.join()


def _started(action: Callable[[], None]) -> threading.Thread | None:
    """Returns the thread that runs the action; `None` where it had to be run here."""
    thread = threading.Thread(target=action, name="verbose-logging-at-once", daemon=True)
    try:
        if sys.is_finalizing():
            raise RuntimeError("the interpreter is ending")  # noqa: TRY301 - both ways of refusal meet below
        thread.start()
    except RuntimeError:
        action()
        return None
    return thread
