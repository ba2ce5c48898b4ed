"""A method of one object, wrapped for a while, and given back as it was."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any


class _Wrapper:
    """What stands in the place of a method: a call goes through to it, by way of ours while the tap is on.

    A copy or a pickle of the owner gets the plain method of its own class instead, so that it neither trains nor
    reports for the original.
    """

    def __init__(self, owner: Any, name: str, tapped: Callable[..., Any]) -> None:
        self._owner = owner
        self._name = name
        self._call = tapped
        self._plain = getattr(owner, name)
        functools.update_wrapper(self, self._plain)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Returns what the method returns."""
        return self._call(*args, **kwargs)

    def __reduce__(self) -> tuple[Any, ...]:
        return getattr, (self._owner, self._name)

    def fall_silent(self) -> Any:
        """Passes calls straight on from now on, and returns what they go to."""
        self._call = self._plain
        return self._plain

    @property
    def is_silent(self) -> bool:
        """Whether calls are passed straight on."""
        return self._call is self._plain


class Tap:
    """A method of one object, wrapped for a while.

    Wraps of others survive: one that was there before is called by ours and restored; one that was put over ours stays,
    and ours inside it falls silent. Silent ones of ours are never restored.

    Args:
        owner: The object.
        name: Its method.
        make: Takes the method and returns what is called in its place.
    """

    def __init__(self, owner: Any, name: str, make: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
        self._owner = owner
        self._name = name
        self._previous = owner.__dict__.get(name)
        self._wrapper = _Wrapper(owner, name, make(getattr(owner, name)))
        setattr(owner, name, self._wrapper)

    def remove(self) -> None:
        """Falls silent, and restores what was there before unless somebody has wrapped over us since."""
        self._wrapper.fall_silent()
        if self._owner.__dict__.get(self._name) is not self._wrapper:
            return
        previous = self._previous
        while isinstance(previous, _Wrapper) and previous.is_silent:
            inner = previous.fall_silent()
            previous = None if inspect.ismethod(inner) and inner.__self__ is self._owner else inner
        if previous is None:
            delattr(self._owner, self._name)
        else:
            setattr(self._owner, self._name, previous)
