"""What was asked for is where the page says, and the test that shows it is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "seed-coverage.md").read_text(encoding="utf-8")
LINES = [line for line in PAGE.splitlines() if re.search(r"\| `[\w/.-]+` \| `", line)]


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.split("|")[1].strip())
def test_a_feature_has_its_place_and_its_test(line: str) -> None:
    """The file exists, and so does the test in its file."""
    *_, place, shown_by = re.findall(r"`([^`]+)`", line)
    file, _, test = shown_by.partition("::")

    assert (ROOT / place).is_file()
    assert f"def {test}(" in (ROOT / file).read_text(encoding="utf-8")


def test_every_row_is_looked_at() -> None:
    """No row of a table is of another form."""
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| feature")]

    assert len(rows) == len(LINES)
