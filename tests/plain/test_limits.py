from __future__ import annotations

from typing import Any

import msgspec

from tests.strategies import Raiser
from verbose_logging.plain import Limits, plain


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
    assert list(range(4_000)) == list(plain({Raiser(): index for index in range(4_000)}).values())
