"""SIGTERM while a training runs: the log is closed in time, and the process ends as it would have without us.

Where nobody has a handler, the end is recorded and the default action follows, so that the exit status stays what it
was. Where somebody has one, what happened so far is brought to the log and then theirs is called: it decides.

A forked child finds the handler that it would have without us. A signal that reaches it while it is being born is kept
for the default action: Python forgets those that come before its own part of a fork is done, and the child would live.
"""

from __future__ import annotations

import functools
import os
import signal
import threading
import traceback
from collections.abc import Callable
from types import FrameType
from typing import Any

OnSignal = Callable[[list[str]], None]


class SigtermWatch:
    """Handles SIGTERM between `install` and `remove`, in the main thread of the process that installed it.

    Args:
        on_end: Called where the process ends right after; handed the main thread's stack, outermost call first.
        on_passed: Called where somebody else's handler is called right after; handed the same.

    Attributes:
        was_passed: Whether a signal has been handed on to somebody else's handler.
    """

    def __init__(self, *, on_end: OnSignal, on_passed: OnSignal) -> None:
        self.was_passed = False
        self._on_end = on_end
        self._on_passed = on_passed
        self._previous: Any = None
        self._pid: int | None = None

    def install(self) -> None:
        """Takes the place of the present handler, unless the signal is ignored or belongs to foreign C code."""
        if threading.current_thread() is not threading.main_thread():
            return
        previous = signal.getsignal(signal.SIGTERM)
        if previous in (None, signal.SIG_IGN, self._handle):
            return
        self._previous, self._pid = previous, os.getpid()
        _watch_forks()
        signal.signal(signal.SIGTERM, self._handle)

    def remove(self) -> None:
        """Gives the place back; idempotent. Where somebody has replaced our handler since, theirs stays."""
        self._pid = None
        is_ours = signal.getsignal(signal.SIGTERM) == self._handle
        if is_ours and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, self._previous)

    @property
    def replaced(self) -> Any:
        """The handler whose place this one has taken."""
        return self._previous

    def _handle(self, number: int, frame: FrameType | None) -> None:
        is_watching, self._pid = self._pid == os.getpid(), None  # a second signal finds nothing in its way
        stack = traceback.format_stack(frame)
        if callable(self._previous):
            if is_watching:
                self.was_passed = True
                self._on_passed(stack)
                self._pid = os.getpid()
            self._previous(number, frame)
            return
        if is_watching:
            self._on_end(stack)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)


class _Birth(threading.local):
    """Whether the fork that this thread is in the midst of holds SIGTERM back."""

    holds_signal = False


_birth = _Birth()


@functools.cache
def _watch_forks() -> None:
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=_hold_signal, after_in_parent=_let_signal_come, after_in_child=_step_aside)


def _hold_signal() -> None:
    present, theirs = _handlers()
    if present is not theirs and not callable(theirs):  # a handler that may raise must not run within a fork's hook
        masked_before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
        _birth.holds_signal = signal.SIGTERM not in masked_before


def _let_signal_come() -> None:
    if _birth.holds_signal:
        _birth.holds_signal = False
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])


def _step_aside() -> None:
    present, theirs = _handlers()
    if present is not theirs:
        signal.signal(signal.SIGTERM, theirs)
    _let_signal_come()


def _handlers() -> tuple[Any, Any]:
    """Returns the present handler, and the one that would be there without any watch of ours."""
    present = theirs = signal.getsignal(signal.SIGTERM)
    while isinstance(watch := getattr(theirs, "__self__", None), SigtermWatch):
        theirs = watch.replaced
    return present, theirs
