"""Which facts an observer wants to hear of: a step has six facts and a dozen observers, most of whom care for two."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias, TypeVar

from verbose_logging.facts import Fact

Observe: TypeAlias = Callable[[Fact], None]
Method = TypeVar("Method", bound=Callable[..., None])

_EVERYTHING = (object,)


def hears(*types: type) -> Callable[[Method], Method]:
    """Returns a decorator for an `observe` method that needs to see facts of these types only.

    It is a promise, not a filter: the method does nothing with any other fact. One that promises nothing sees all.
    """

    def promise(observe: Method) -> Method:
        observe.hears = types  # type: ignore[attr-defined]
        return observe

    return promise


class Audience:
    """Shows each fact to those who want to hear of it, in the order in which they were given.

    Args:
        observers: For each, the `observe` method that says what it hears, and what to call.

    Example:
        >>> from verbose_logging.facts import StepBegin, SubstepEnd
        >>> @hears(StepBegin)
        ... def observe(fact):
        ...     print(fact)
        >>> audience = Audience([(observe, observe)])
        >>> audience.observe(StepBegin(1.0))
        StepBegin(at=1.0)
        >>> audience.observe(SubstepEnd(2.0))
    """

    def __init__(self, observers: Iterable[tuple[Any, Observe]]) -> None:
        self._observers = [(getattr(observe, "hears", _EVERYTHING), call) for observe, call in observers]
        self._of_type: dict[type, Sequence[Observe]] = {}

    def observe(self, fact: Fact) -> None:
        """Shows a fact around."""
        kind = type(fact)
        observers = self._of_type.get(kind)
        if observers is None:
            observers = self._of_type[kind] = [call for hears, call in self._observers if issubclass(kind, hears)]
        for call in observers:
            call(fact)
