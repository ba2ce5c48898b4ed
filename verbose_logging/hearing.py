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


def _raise(_part: Observer, error: Exception) -> None:
    raise error


def _as_it_is(_part: Observer, hear: Hear) -> Hear:
    return hear


class Audience:
    """Shows each fact to those whom it concerns, in the order in which they were given.

    A part that has an `observe` of its own is shown all facts.

    Args:
        parts: Who they are.
        on_failure: Told which part has raised, and what; unless it raises, the others are shown the fact even so.
        wrap: Returns what is called in the place of a part's method.
    """

    def __init__(
        self,
        parts: Iterable[Observer],
        on_failure: Callable[[Observer, Exception], None] = _raise,
        wrap: Callable[[Observer, Hear], Hear] = _as_it_is,
    ) -> None:
        self._parts = list(parts)
        self._on_failure = on_failure
        self._wrap = wrap
        self._of_type: dict[type, Sequence[tuple[Observer, Hear]]] = {}

    def observe(self, fact: Fact) -> None:
        """Shows a fact around."""
        kind = type(fact)
        methods = self._of_type.get(kind)
        if methods is None:
            methods = [(part, self._wrap(part, hear)) for part in self._parts for hear in _ears(part, kind)]
            self._of_type[kind] = methods
        for part, hear in methods:
            try:
                hear(fact)
            except Exception as error:  # noqa: BLE001, PERF203 - one's failure is not the others'
                self._on_failure(part, error)


def _ears(part: Observer, kind: type) -> Sequence[Hear]:
    """Returns the methods by which a part takes in facts of a type."""
    if getattr(type(part), "observe", None) is Hearer.observe:
        return [getattr(part, name) for name in _marked(type(part), kind)]
    return [part.observe]
