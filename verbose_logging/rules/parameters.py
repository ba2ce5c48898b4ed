"""Which values of a parameter a rule can work with, and the check of what was given.

A rule's constructor annotates its parameters with these, because a limit that nothing can pass is a rule that is off
without a word.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, TypeAlias, get_args, get_type_hints

from msgspec import Meta

from verbose_logging.errors import SettingsError

Count: TypeAlias = Annotated[int, Meta(ge=1)]
Percent: TypeAlias = Annotated[float, Meta(ge=0, le=100)]
Fraction: TypeAlias = Annotated[float, Meta(ge=0, le=1)]
Times: TypeAlias = Annotated[float, Meta(ge=1)]
NotNegative: TypeAlias = Annotated[float, Meta(ge=0)]


def ranges_of(make: Any) -> dict[str, Meta]:
    """Returns the ranges of a rule's parameters by name, as far as its constructor annotates any.

    Example:
        >>> class Rule:
        ...     def __init__(self, *, above: Percent = 90.0, steps=3): ...
        >>> ranges_of(Rule)["above"].le
        100
    """
    try:
        made_by = make.__init__ if isinstance(make, type) else make  # type: ignore[misc] # the class's own
        kinds = get_type_hints(made_by, include_extras=True)
    except (NameError, TypeError):  # somebody else's annotations are theirs
        return {}
    return {name: one for name, kind in kinds.items() for one in get_args(kind)[1:] if isinstance(one, Meta)}


def checked_number(place: str, value: Any, *, like: Any, within: Meta | None) -> float | int:
    """Returns a parameter's value; a count where its default is a whole number.

    Args:
        place: The parameter, for the message.
        value: What was given.
        like: The parameter's default.
        within: Its range; a count begins at 1 where there is none.

    Raises:
        SettingsError: It is no such number.
    """
    is_count = isinstance(like, int)
    within = within or (Meta(ge=1) if is_count else Meta())
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        least = -math.inf if within.ge is None else within.ge
        most = math.inf if within.le is None else within.le
        if least <= value <= most and not (is_count and value != int(value)):
            return int(value) if is_count else value
    raise SettingsError(f"{place}: expected a {'whole ' * is_count}number{_in_words(within)}, got {value!r}")


def _in_words(within: Meta) -> str:
    if within.ge is None:
        return ""
    return f" from {within.ge:g} up" if within.le is None else f" from {within.ge:g} to {within.le:g}"
