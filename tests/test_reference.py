"""The reference parts of the documentation are what the code says."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))

from tools.reference import PARTS, pages, parts_in, read, refreshed


@pytest.mark.parametrize("page", pages(), ids=lambda path: path.stem)
def test_a_page_is_as_the_code_is(page: Path) -> None:
    """What is generated is up to date; `make reference` writes it anew."""
    assert refreshed(read(page)) == read(page)


@pytest.mark.parametrize("part", sorted(PARTS))
def test_every_part_stands_on_one_page(part: str) -> None:
    """A reference part that is made is shown, once."""
    shown = [name for page in pages() for name in parts_in(read(page))]

    assert 1 == shown.count(part)
