"""Keeps a part that fails from harming the rest: contained, counted, told once, switched off."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_PATIENCE = 3


class Guard:
    """Calls parts that may fail.

    A part is switched off after three failures in a row, so that a broken one costs three exceptions and not one per
    step.

    Args:
        on_problem: Told of a part's first failure, and of its being switched off.
        strict: Let failures through, for tests.
        words_of: Says what an error is.

    Example:
        >>> told = []
        >>> guard = Guard(lambda part, error: told.append(part))
        >>> [guard.call("meter x", lambda: 1 / 0, default=None) for _ in range(5)]
        [None, None, None, None, None]
        >>> told, guard.report()
        (['meter x', 'meter x'], {'meter x': {'failures': 3, 'error': 'ZeroDivisionError: division by zero', \
'switched_off': True}})
    """

    def __init__(
        self,
        on_problem: Callable[[str, Exception], None],
        *,
        strict: bool = False,
        words_of: Callable[[Exception], str] = lambda error: f"{type(error).__name__}: {error}",
    ) -> None:
        self._words_of = words_of
        self._on_problem = on_problem
        self._strict = strict
        self._failures: dict[str, list[Exception]] = {}
        self._totals: dict[str, int] = {}
        self._last: dict[str, Exception] = {}
        self._off: set[str] = set()

    def call(self, part: str, function: Callable[[], T], *, default: T) -> T:
        """Returns what the function returns, or the default where it fails or its part is switched off."""
        return self.guarded(part, function, default=default)()

    def attempt(self, part: str, action: Callable[[], None]) -> bool:
        """Returns whether an action was done: not where it fails or its part is switched off.

        Example:
            >>> guard = Guard(lambda part, error: None)
            >>> guard.attempt("sink x", lambda: None), guard.attempt("sink x", lambda: 1 / 0)
            (True, False)
        """
        return self.call(part, partial(_done, action), default=False)

    def guarded(self, part: str, function: Callable[P, T], *, default: T) -> Callable[P, T]:
        """Returns the function, contained; for one that is called often.

        Example:
            >>> half = Guard(print).guarded("half", lambda number: 1 / number, default=0.0)
            >>> half(2.0)
            0.5
        """
        off, failures = self._off, self._failures  # looked up once, and not at each call

        def contained(*args: P.args, **kwargs: P.kwargs) -> T:
            if part in off:
                return default
            try:
                result = function(*args, **kwargs)
            except Exception as error:  # noqa: BLE001 - that is what a guard is for
                self.note(part, error)
                return default
            if failures:
                failures.pop(part, None)
            return result

        return contained

    def note(self, part: str, error: Exception) -> None:
        """Notes that a part has failed; for one that is called as it is until it fails for the first time.

        Containing a call costs about as much as what most parts do in it. Once a part has failed, it is to be called by
        way of `guarded`, which knows of its failures in a row.

        Raises:
            Exception: The error, where this guard is strict.

        Example:
            >>> guard = Guard(lambda part, error: print(part, "has failed:", error))
            >>> guard.note("meter x", ValueError("no number"))
            meter x has failed: no number
        """
        if self._strict:
            raise error
        in_a_row = self._failures.setdefault(part, [])
        in_a_row.append(error)
        self._last[part] = error
        self._totals[part] = self._totals.get(part, 0) + 1
        is_last_straw = len(in_a_row) == _PATIENCE  # more may follow, from calls that are not contained yet
        if is_last_straw:
            self._off.add(part)
        if self._totals[part] == 1 or is_last_straw:
            self._on_problem(part, error)

    def report(self) -> dict[str, dict[str, int | str | bool]]:
        """Returns, for each part that failed, how often, the last error, and whether it is switched off."""
        return {
            part: {
                "failures": count,
                "error": self._words_of(self._last[part]),
                "switched_off": part in self._off,
            }
            for part, count in self._totals.items()
        }


def _done(action: Callable[[], None]) -> bool:
    action()
    return True
