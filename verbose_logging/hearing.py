"""Who hears of which facts: a step has half a dozen, and each concerns a few of the parts that follow a run.

A part has a method for each kind of fact that it wants to hear of, marked with `hears`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any, Protocol, TypeAlias, TypeVar

from verbose_logging.facts import Fact

Hear: TypeAlias = Callable[[Any], None]
Method = TypeVar("Method", bound=Callable[..., None])


def hears(*types: type) -> Callable[[Method], Method]:
    """Returns a decorator for a method that takes in the facts of these types."""

    def mark(method: Method) -> Method:
        method.hears = types  # type: ignore[attr-defined]
        return method

    return mark


class Hearer:
    """A part that takes in facts by the methods that are marked with `hears`.

    A subclass's method hears what the one that it overrides did, unless it is marked anew.

    Example:
        >>> from verbose_logging.facts import StepBegin, SubstepEnd
        >>> class Steps(Hearer):
        ...     @hears(StepBegin)
        ...     def _begin(self, fact):
        ...         print("a step begins at", fact.at)
        >>> steps = Steps()
        >>> steps.observe(StepBegin(1.0)), steps.observe(SubstepEnd(2.0))
        a step begins at 1.0
        (None, None)
    """

    def observe(self, fact: Fact) -> None:
        """Takes in a fact of whatever type."""
        for name in _marked(type(self), type(fact)):  # type: ignore[arg-type] # classes are hashable
            getattr(self, name)(fact)


@cache
def _marked(part: type, kind: type) -> tuple[str, ...]:
    """Returns the names of the methods of a class that take in facts of a type, in the order of their definition."""
    marks: dict[str, tuple[type, ...]] = {}
    for base in reversed(part.__mro__):
        marks |= {name: method.hears for name, method in vars(base).items() if hasattr(method, "hears")}
    return tuple(name for name, types in marks.items() if issubclass(kind, types))


class Observer(Protocol):
    """Whatever takes in facts."""

    def observe(self, fact: Fact) -> None:
        """Takes in a fact."""


class Audience:
    """Shows each fact to those whom it concerns, in the order in which they were given.

    A part that has an `observe` of its own is shown all facts.

    Args:
        parts: For each part, what wraps its methods.
    """

    def __init__(self, parts: Iterable[tuple[Observer, Callable[[Hear], Hear]]]) -> None:
        self._parts = list(parts)
        self._of_type: dict[type, Sequence[Hear]] = {}

    def observe(self, fact: Fact) -> None:
        """Shows a fact around."""
        kind = type(fact)
        methods = self._of_type.get(kind)
        if methods is None:
            methods = self._of_type[kind] = [wrap(hear) for part, wrap in self._parts for hear in _ears(part, kind)]
        for hear in methods:
            hear(fact)


def _ears(part: Observer, kind: type) -> Sequence[Hear]:
    """Returns the methods by which a part takes in facts of a type."""
    if getattr(type(part), "observe", None) is Hearer.observe:
        return [getattr(part, name) for name in _marked(type(part), kind)]
    return [part.observe]
