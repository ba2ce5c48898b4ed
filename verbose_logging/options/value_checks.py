"""Whether one value of a config fits what its key takes, said in words.

The types are those of Python, as a dataclass or a msgspec struct annotates its fields, with msgspec's limits.
"""

from __future__ import annotations

import enum
import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec

from verbose_logging.errors import hint

_WORDS = {
    "`int`": "an integer",
    "`float`": "a number",
    "`str`": "a text",
    "`bool`": "true or false",
    "`array`": "a list",
    "`object`": "a mapping",
    "`null`": "nothing",
}
_SHOWN = 60
_CHOICES_SHOWN = 6


def misfit(value: Any, kind: Any) -> str | None:
    """Returns what is wrong with a value, `None` where it fits.

    Args:
        value: What was given.
        kind: The type that it should have; what msgspec does not know as a type takes anything.

    Example:
        >>> misfit("fast", float)
        "got 'fast', expected a number"
        >>> misfit("4bits", Literal["4bit", "8bit", "none"])
        "got '4bits', expected 4bit, 8bit or none; did you mean '4bit'?"
        >>> misfit(0, Annotated[int, msgspec.Meta(ge=1)])
        'got 0, expected an integer >= 1'
        >>> misfit(2, float) is None
        True
    """
    choices = list(_choices(kind))
    if choices:
        return _wrong_choice(value, choices, kind)
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        return f"got {shown(value)}, expected {_in_words(str(error))}"
    except TypeError:  # a type of another library
        return None
    return None


def spoken(value: Any, kind: Any) -> Any:
    """Returns the word that was meant where YAML has read `no` or `off` as false.

    Example:
        >>> spoken(False, Literal["no", "steps"]), spoken(False, bool)
        ('no', False)
    """
    word = next((word for word in _choices(kind) if word in {"no", "off", "none"}), None)
    return word if value is False and word is not None else value


def shown(value: Any) -> str:
    """Returns a value as it is written in a message, cut where it is long.

    Example:
        >>> shown(True), shown("x" * 80)[-5:]
        ('true', 'xx...')
    """
    if isinstance(value, bool):
        return str(value).lower()
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def _choices(kind: Any) -> Iterator[str]:
    """Yields the words that a type is limited to."""
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        yield from (str(member.value) for member in kind)
    elif get_origin(kind) is Literal:
        yield from (word for word in get_args(kind) if isinstance(word, str))
    elif get_origin(kind) in {Union, types.UnionType, Annotated}:
        for member in get_args(kind):
            yield from _choices(member)


def _wrong_choice(value: Any, choices: list[str], kind: Any) -> str | None:
    text = value.value if isinstance(value, enum.Enum) else value
    if text in choices or (value is None and type(None) in get_args(kind)):
        return None
    *some, last = choices
    expected = f"{', '.join(some)} or {last}" if len(choices) <= _CHOICES_SHOWN else f"one of {len(choices)} words"
    return f"got {shown(value)}, expected {expected}{hint(str(text), choices)}"


def _in_words(message: str) -> str:
    """Turns "Expected `int | null`, got `str`" into "an integer or nothing"."""
    expected, _, rest = message.partition(", got ")
    place = rest.partition(" - at ")[2] if rest else ""
    expected, _, bare_place = expected.partition(" - at ")
    words = expected.removeprefix("Expected ").replace(" | ", "` or `")
    for name, word in _WORDS.items():
        words = words.replace(name, word)
    inner = (place or bare_place).strip("`").removeprefix("$")
    return f"{words} at {inner}" if inner else words
