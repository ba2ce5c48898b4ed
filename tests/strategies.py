"""Values of any kind for property tests, those included that make trouble."""

from __future__ import annotations

import dataclasses
import enum
from pathlib import Path

import msgspec
import numpy as np
from hypothesis import strategies as st


class Raiser:
    """Has no text: whoever asks for one gets an exception."""

    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


class Liar:
    """Claims to be a dictionary and has nothing of one."""

    @property
    def __class__(self) -> type:
        return dict


class Shapeless:
    """Looks like an array until its shape is asked for."""

    shape = property(lambda _: 1 / 0)
    dtype = "float32"


class Colour(enum.Enum):
    """An enumeration of texts."""

    RED = "red"


class Level(enum.IntEnum):
    """An enumeration of integers."""

    HIGH = 3


@dataclasses.dataclass
class Options:
    """A dataclass."""

    rate: float
    where: Path


class Point(msgspec.Struct):
    """A struct."""

    x: int
    y: float


_scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(0, 20_000).map(lambda bits: 2**bits)
    | st.floats()
    | st.text(st.characters())  # lone surrogates too
    | st.binary(max_size=300)
    | st.dates()
    | st.decimals()
    | st.complex_numbers()
    | st.sampled_from([Colour.RED, Level.HIGH, object(), type])
    | st.sampled_from([Raiser, Liar, Shapeless]).map(lambda make: make())
    | st.builds(np.float32, st.floats(width=32))
    | st.builds(np.datetime64, st.integers(min_value=0, max_value=10**6), st.just("s"))
)


any_keys = st.none() | st.integers() | st.text(st.characters(), max_size=5) | st.booleans() | st.tuples(st.floats())


any_values = st.recursive(
    _scalars,
    lambda inner: (
        st.lists(inner, max_size=6)
        | st.lists(inner, max_size=6).map(tuple)
        | st.dictionaries(any_keys, inner, max_size=6)
        | st.builds(Options, inner, inner)
        | st.lists(inner, max_size=3).map(lambda items: np.array([items, None], dtype=object)[:1])
    ),
    max_leaves=20,
)


plain_trees = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
