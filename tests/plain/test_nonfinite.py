from __future__ import annotations

import math
from typing import Any

from hypothesis import given

from tests.strategies import plain_trees
from verbose_logging.plain import split_nonfinite


@given(plain_trees)
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
