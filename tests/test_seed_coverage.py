"""What was asked for is where the page says, and the test that shows it is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "seed-coverage.md").read_text(encoding="utf-8")
TROUBLE = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
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


@pytest.mark.parametrize(
    "trouble",
    [
        "no progress report",
        "nothing of rank 1 and above",
        "the ETA of the first steps is rough",
        '"GPU Memory" in a report',
        "no run JSON",
        "a large run JSON",
        "a large log",
        "training is slower with it",
        "needs packages that are not installed",
        "`Permission denied` on a log",
        "a warning that a file cannot be written",
        "`failures` in the last entry",
    ],
)
def test_what_goes_wrong_has_its_row(trouble: str) -> None:
    """What the documents say to do about trouble is said by the page about it."""
    rows = [line for line in TROUBLE.splitlines() if line.startswith("| ")]

    assert any(trouble in row.split("|")[1] for row in rows)
