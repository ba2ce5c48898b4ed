from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import json
import math
import sys
from collections import OrderedDict, deque
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any

import msgspec
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.distributed.tensor import DTensor

from verbose_logging.plain import Limits, plain, split_nonfinite


class _Raiser:
    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


class _Liar:
    """Claims to be a dictionary and has nothing of one."""

    @property
    def __class__(self) -> type:
        return dict


class _Shapeless:
    shape = property(lambda _: 1 / 0)
    dtype = "float32"


class _Colour(enum.Enum):
    RED = "red"


class _Level(enum.IntEnum):
    HIGH = 3


@dataclasses.dataclass
class _Options:
    rate: float
    where: Path


class _Point(msgspec.Struct):
    x: int
    y: float


def _function() -> None: ...


@pytest.mark.parametrize(
    ("expected", "value"),
    [
        (None, None),
        (True, True),
        (3, 3),
        (2.5, 2.5),
        ("text", "text"),
        (-(2**63), -(2**63)),
        (2**64 - 1, 2**64 - 1),
        ("18446744073709551616", 2**64),
        ("-9223372036854775809", -(2**63) - 1),
        ("a\\ud800b", "a\ud800b"),
        (2.5, np.float64(2.5)),
        (2.5, np.longdouble(2.5)),
        (7, np.int8(7)),
        (True, np.bool_(True)),
        (1.5, np.array([1.5])),
        (1.5, torch.tensor(1.5)),
        (1.5, torch.tensor([[1.5]], requires_grad=True)),
        ({"shape": [2, 3], "dtype": "float32"}, np.zeros((2, 3), dtype=np.float32)),
        ({"shape": [2, 3], "dtype": "torch.bfloat16"}, torch.zeros(2, 3, dtype=torch.bfloat16)),
        ({"shape": [0], "dtype": "torch.float32"}, torch.zeros(0)),
        ({"shape": [1], "dtype": "torch.float32"}, torch.zeros(1, device="meta")),
        ("torch.float16", torch.float16),
        ("/tmp/x", PurePosixPath("/tmp/x")),  # noqa: S108 - a path as text, nothing is written
        ("2026-01-31", dt.date(2026, 1, 31)),
        ("2026-01-31T12:00:00+00:00", dt.datetime(2026, 1, 31, 12, tzinfo=dt.timezone.utc)),
        ("abc", b"abc"),
        ("<3 bytes>", b"\x00\xff\xfe"),
        ("<1,000 bytes>", bytearray(1000)),
        ("red", _Colour.RED),
        (3, _Level.HIGH),
        ({"rate": 0.1, "where": "data"}, _Options(0.1, Path("data"))),
        ({"x": 1, "y": 2.0}, _Point(1, 2.0)),
        ([1, 2, 10], {10, 1, 2}),
        (["a", "b"], frozenset("ba")),
        ([1, "x"], {"x", 1}),
        ([1, 2], (1, 2)),
        ([0, 1], deque(range(2))),
        ([0, 1], range(2)),
        (["k"], {"k": 1}.keys()),
        ([1], {"k": 1}.values()),
        ({"k": 1}, OrderedDict(k=1)),
        ({"k": 1}, MappingProxyType({"k": 1})),
        ({"1": "a", "None": "b", "[1, 2]": "c", "True": "d"}, {1: "a", None: "b", (1, 2): "c", "True": "d"}),
        ({"1": "a", "1 (2)": "b"}, {1: "a", "1": "b"}),
        ({"1": "a", "1 (2)": "b", "1 (3)": "c"}, {1: "a", "1 (2)": "b", "1": "c"}),
        ("<_Raiser>", _Raiser()),
        ({"<_Raiser>": 1}, {_Raiser(): 1}),
        ("<_Liar>", _Liar()),
        ("<_Shapeless>", _Shapeless()),
        ("pathlib.Path", Path),
        ("builtins.len", len),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_kind_of_value_has_one_plain_form(expected: Any, value: Any) -> None:
    """A value of any kind becomes the nearest plain value."""
    result = plain(value)

    assert expected == result
    assert type(expected) is type(result)


def test_functions_are_named_without_an_address() -> None:
    """A function is told by where it is defined, the same in every run."""
    assert f"{__name__}._function" == plain(_function)


def test_an_integer_too_long_for_str_is_still_exact() -> None:
    """An integer that Python refuses to print in decimal is given in hexadecimal."""
    assert 10**5000 == int(plain(10**5000), 16)


def test_iterators_are_not_consumed() -> None:
    """An iterator's items are the training's, not the log's."""
    numbers = iter([1, 2])

    assert isinstance(plain({"batches": numbers}), dict)
    assert [1, 2] == list(numbers)


def test_a_distributed_tensor_is_never_asked_for_its_value() -> None:
    """A distributed tensor of one element gives shape and type: its item() may wait for other ranks."""

    class Distributed:
        shape = (1,)
        dtype = "torch.float32"
        placements = ("shard",)

        def item(self) -> float:
            raise AssertionError("a collective")

    assert hasattr(DTensor, "placements")
    assert {"shape": [1], "dtype": "torch.float32"} == plain(Distributed())


def test_a_large_array_is_never_read() -> None:
    """An array of several elements gives shape and type without any access to its values."""

    class OnDevice:
        shape = (2,)
        dtype = "torch.float32"
        device = "cuda:0"

        def __getattr__(self, name: str) -> Any:
            raise AssertionError(f"reads {name}")

    assert {"shape": [2], "dtype": "torch.float32"} == plain(OnDevice())


def test_a_long_string_says_how_much_is_missing() -> None:
    """A string above the limit is cut within the limit and counts what it left out."""
    text = plain("x" * 100_000)

    assert "x" * 65_496 + "... 34,504 more characters" == text
    assert text == plain(text)


def test_a_long_list_says_how_much_is_missing() -> None:
    """A list above the limit is cut within the limit and counts what it left out."""
    items = plain(list(range(200_000)))

    assert [*range(4_999), "... 195,001 more items"] == items
    assert items == plain(items)


def test_a_long_dict_says_how_much_is_missing() -> None:
    """A dictionary above the limit is cut within the limit and counts what it left out."""
    tree = plain({"...": 0, "b": 1, "c": 2, "d": 3}, limits=Limits(items=3))

    assert {"...": 0, "b": 1, "... (2)": "2 more items"} == tree


def test_a_container_at_the_limit_is_whole() -> None:
    """A container of exactly as many items as the limit loses none."""
    assert [1, 2, 3] == plain([1, 2, 3], limits=Limits(items=3))


def test_a_deep_structure_ends_at_the_limit() -> None:
    """Containers below the deepest level are replaced by a note, scalars beside them stay."""
    assert {"a": {"b": "... deeper than 2 levels", "c": 1}} == plain({"a": {"b": {}, "c": 1}}, limits=Limits(depth=2))


def test_a_cycle_ends_where_it_closes() -> None:
    """A container inside itself is named as a cycle."""
    tree: dict[str, Any] = {"step": 1}
    tree["self"] = tree

    assert {"step": 1, "self": "<cycle: dict>"} == plain(tree)


def test_the_same_container_twice_is_no_cycle() -> None:
    """A container that stands in two places is written in both."""
    shared = [1]

    assert {"a": [1], "b": [1]} == plain({"a": shared, "b": shared})


def test_the_whole_is_bounded() -> None:
    """However many large parts a value has, the whole stays near its limit and says that parts are missing."""
    tree = plain({str(index): "ü" * 60_000 for index in range(100)})

    assert 1_100_000 > len(msgspec.json.encode(tree))
    assert tree["..."].endswith(" more items")


def test_a_web_of_shared_containers_is_bounded() -> None:
    """A structure whose written form would grow with every level is cut by the whole's limit."""
    web: Any = 1
    for _ in range(19):
        web = [web] * 50

    assert 100_000 > len(msgspec.json.encode(plain(web, limits=Limits(json_bytes=20_000))))


def test_many_equal_keys_stay_apart() -> None:
    """Thousands of keys with the same text all keep their values."""
    assert list(range(4_000)) == list(plain({_Raiser(): index for index in range(4_000)}).values())


def test_ctrl_c_passes_through() -> None:
    """What ends a program is not held up by a value's own methods."""

    class Interrupted:
        def __str__(self) -> str:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        plain(Interrupted())


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
    | st.sampled_from([_Colour.RED, _Level.HIGH, object(), type])
    | st.sampled_from([_Raiser, _Liar, _Shapeless]).map(lambda make: make())
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
        | st.builds(_Options, inner, inner)
        | st.lists(inner, max_size=3).map(lambda items: np.array([items, None], dtype=object)[:1])
    ),
    max_leaves=20,
)


@settings(deadline=None)
@given(any_values, st.builds(Limits, items=st.integers(1, 8), depth=st.integers(0, 5), json_bytes=st.integers(0, 400)))
def test_any_value_encodes_as_strict_json(value: Any, limits: Limits) -> None:
    """Whatever the value and the limits, the result is strict JSON once non-finite numbers are split off."""
    tree, marks = split_nonfinite(plain(value, limits=limits))

    assert json.loads(json.dumps(tree, allow_nan=False)) == msgspec.json.decode(msgspec.json.encode(tree))
    assert set(marks.values()) <= {"NaN", "Infinity", "-Infinity"}


_plain_trees = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(_plain_trees)
def test_plain_values_stay_as_they_are(tree: Any) -> None:
    """A plain value within the limits is its own plain form."""
    assert repr(tree) == repr(plain(tree))


@given(_plain_trees)
def test_every_nonfinite_number_is_taken_out(tree: Any) -> None:
    """As many numbers become `None` as were not finite, and only they."""
    finite, marks = split_nonfinite(tree)

    assert _leaves(finite) == [None if _is_nonfinite(leaf) else leaf for leaf in _leaves(tree)]
    assert bool(marks) == any(_is_nonfinite(leaf) for leaf in _leaves(tree))


def _leaves(tree: Any) -> list[Any]:
    if isinstance(tree, dict):
        return [leaf for item in tree.values() for leaf in _leaves(item)]
    if isinstance(tree, list):
        return [leaf for item in tree for leaf in _leaves(item)]
    return [tree]


def _is_nonfinite(leaf: Any) -> bool:
    return isinstance(leaf, float) and not math.isfinite(leaf)


def test_nonfinite_numbers_are_named_by_their_place() -> None:
    """Each number that is not finite becomes `None` and is named by its dotted key."""
    tree = {"loss": math.nan, "gpu": {"devices": [{"power_w": math.inf}, {"power_w": 5.0}]}, "rate": -math.inf}

    assert (
        {"loss": None, "gpu": {"devices": [{"power_w": None}, {"power_w": 5.0}]}, "rate": None},
        {"loss": "NaN", "gpu.devices.0.power_w": "Infinity", "rate": "-Infinity"},
    ) == split_nonfinite(tree)


def test_a_finite_tree_is_not_copied() -> None:
    """The usual case costs no copy: the same object comes back."""
    tree = {"loss": 1.0, "lists": [1, 2.0]}

    assert tree is split_nonfinite(tree)[0]


def test_the_limit_on_digits_of_this_interpreter_does_not_matter() -> None:
    """The longest integer that is printed in decimal is below the lowest limit an interpreter can have."""
    assert sys.int_info.str_digits_check_threshold >= len(plain(2**2_048 - 1))
