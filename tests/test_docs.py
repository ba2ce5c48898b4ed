"""What the documents say is there is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from verbose_logging.entries import ENTRY_TYPES
from verbose_logging.meters import build_meters
from verbose_logging.rules import RULES
from verbose_logging.settings import Settings

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def page(name: str) -> str:
    """Returns a page of the documentation."""
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(ENTRY_TYPES))
def test_every_entry_type_is_documented(name: str) -> None:
    """A type that can stand in a log stands in the page about the log."""
    assert f"`{name}`" in page("log.md")


@pytest.mark.parametrize("name", sorted(set(Settings.__struct_fields__) - {"verbosity_level", "log_file"}))
def test_every_option_is_documented(name: str) -> None:
    """An option that can be given stands in the page about configuration."""
    assert f"| `{name}` |" in page("configuration.md")


@pytest.mark.parametrize("name", sorted(RULES))
def test_every_rule_is_documented(name: str) -> None:
    """A rule that can fire stands in the page about health."""
    assert f"| `{name}` |" in page("health.md")


@pytest.mark.parametrize("meter", build_meters(str).table, ids=lambda meter: type(meter).__name__)
def test_every_metric_says_what_it_is(meter: object) -> None:
    """Each name that a meter can return has a unit and a sentence, and stands in one meter only."""
    for spec in meter.specs:  # type: ignore[attr-defined]
        assert spec.description.endswith(".")
        assert spec.name == spec.name.lower()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_between_files_lead_somewhere(path: Path) -> None:
    """A relative link names a file that exists."""
    links = re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8"))

    assert [] == [link for link in links if not (path.parent / link).exists()]


def test_readme_is_short() -> None:
    """A page that is read is at most 150 lines long."""
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150
