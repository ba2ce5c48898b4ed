"""Keeps what a hook raises from the training that called it, and remembers how hooks fared."""

from __future__ import annotations

import functools
from collections.abc import Callable
from time import monotonic
from typing import Any, Protocol, TypeVar

from verbose_logging.problems import Problems

Hook = TypeVar("Hook", bound=Callable[..., None])


class HookRecord:
    """How the hooks of one observer fared: which took longest, and what failed.

    Attributes:
        problems: Told of each failure; tells people of a part's first.

    Example:
        >>> hooks = HookRecord()
        >>> hooks.took("on_save", 0.25)
        >>> hooks.took("on_log", 0.125)
        >>> hooks.longest()
        {'name': 'on_save', 'seconds': 0.25}
    """

    def __init__(self) -> None:
        self.problems = Problems()
        self._name = ""
        self._seconds = 0.0

    def took(self, name: str, seconds: float) -> None:
        """Takes in how long a hook has kept training waiting."""
        if seconds > self._seconds:
            self._name, self._seconds = name, seconds

    def longest(self) -> dict[str, Any]:
        """Returns the name and the seconds of the hook that took longest; nothing before the first."""
        return {"name": self._name, "seconds": self._seconds} if self._name else {}


class HasHooks(Protocol):
    """Whatever has hooks."""

    _hook_record: HookRecord


def contained(hook: Hook) -> Hook:
    """Returns the hook with its exceptions kept from the training, counted, and told once per hook."""

    @functools.wraps(hook)
    def wrapper(self: HasHooks, *args: Any, **kwargs: Any) -> None:
        began_at = monotonic()
        try:
            hook(self, *args, **kwargs)
        except Exception as error:  # noqa: BLE001 - an observer never stops the observed
            self._hook_record.problems(hook.__name__, error)
        self._hook_record.took(hook.__name__, monotonic() - began_at)

    return wrapper  # type: ignore[return-value]
