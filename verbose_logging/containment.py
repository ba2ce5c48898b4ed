"""Keeps what a hook raises from the training that called it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

Hook = TypeVar("Hook", bound=Callable[..., None])


class Observer(Protocol):
    """Whatever has hooks, and somebody to tell of their failures."""

    def _tell_once(self, part: str, error: Exception) -> None:
        """Tells of a part's first failure."""


def contained(hook: Hook) -> Hook:
    """Returns the hook with its exceptions kept from the training, each told once per hook."""

    @functools.wraps(hook)
    def wrapper(self: Observer, *args: Any, **kwargs: Any) -> None:
        try:
            hook(self, *args, **kwargs)
        except Exception as error:  # noqa: BLE001 - an observer never stops the observed
            self._tell_once(hook.__name__, error)

    return wrapper  # type: ignore[return-value]
