"""Several waits for the disk, or for anything else that lets others run meanwhile, in the time of the longest."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence


def all_at_once(
    actions: Sequence[Callable[[], None]], *, start: Callable[[threading.Thread], None] = threading.Thread.start
) -> None:
    """Runs each action on a thread of its own, and returns once all are done; they must not raise.

    While the interpreter ends and starts no thread any more, they run one after the other, in their order.

    Args:
        actions: The actions; the first is done by the calling thread.
        start: Starts a thread, or raises RuntimeError.

    Example:
        >>> done = []
        >>> all_at_once([lambda: done.append("log"), lambda: done.append("document")])
        >>> sorted(done)
        ['document', 'log']
    """
    threads: list[threading.Thread] = []
    left = list(actions[:1])
    for action in actions[1:]:
        thread = threading.Thread(target=action, name="verbose-logging-at-once", daemon=True)
        try:
            if sys.is_finalizing():
                raise RuntimeError("the interpreter is ending")  # noqa: TRY301 - both ways of refusal meet below
            start(thread)
            threads.append(thread)
        except RuntimeError:
            left.append(action)
    for action in left:
        action()
    for thread in threads:
        thread.join()
