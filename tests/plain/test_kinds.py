from __future__ import annotations

import datetime as dt
import json
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

from tests.strategies import Colour, Level, Liar, Options, Point, Raiser, Shapeless, any_values, plain_trees
from verbose_logging.plain import Limits, plain, split_nonfinite


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
        ("red", Colour.RED),
        (3, Level.HIGH),
        ({"rate": 0.1, "where": "data"}, Options(0.1, Path("data"))),
        ({"x": 1, "y": 2.0}, Point(1, 2.0)),
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
        ("<Raiser>", Raiser()),
        ({"<Raiser>": 1}, {Raiser(): 1}),
        ("<Liar>", Liar()),
        ("<Shapeless>", Shapeless()),
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


def test_ctrl_c_passes_through() -> None:
    """What ends a program is not held up by a value's own methods."""

    class Interrupted:
        def __str__(self) -> str:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        plain(Interrupted())


@settings(deadline=None)
@given(any_values, st.builds(Limits, items=st.integers(1, 8), depth=st.integers(0, 5), json_bytes=st.integers(0, 400)))
def test_any_value_encodes_as_strict_json(value: Any, limits: Limits) -> None:
    """Whatever the value and the limits, the result is strict JSON once non-finite numbers are split off."""
    tree, marks = split_nonfinite(plain(value, limits=limits))

    assert json.loads(json.dumps(tree, allow_nan=False)) == msgspec.json.decode(msgspec.json.encode(tree))
    assert set(marks.values()) <= {"NaN", "Infinity", "-Infinity"}


@given(plain_trees)
def test_plain_values_stay_as_they_are(tree: Any) -> None:
    """A plain value within the limits is its own plain form."""
    assert repr(tree) == repr(plain(tree))


def test_the_limit_on_digits_of_this_interpreter_does_not_matter() -> None:
    """The longest integer that is printed in decimal is below the lowest limit an interpreter can have."""
    assert sys.int_info.str_digits_check_threshold >= len(plain(2**2_048 - 1))
