"""What the documents say is there is there."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import typer
from markdown.extensions.toc import slugify

from verbose_logging.cli import VERBS, build_app
from verbose_logging.entries import ENTRY_TYPES
from verbose_logging.meters import build_meters
from verbose_logging.reading.files.schema import log_schema
from verbose_logging.rules import RULES
from verbose_logging.settings import Settings

ROOT = Path(__file__).parent.parent
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
PROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
EXTRAS = re.findall(r"^(\w+) = \[", PROJECT.split("[project.optional-dependencies]")[1].split("\n[")[0], re.MULTILINE)
COMMAND = re.compile(r"(?:^(?:\$ )?|`)verbose-logging ([a-z][^`\n#]*)", re.MULTILINE)
SHOWN = sorted({found.strip() for path in PAGES for found in COMMAND.findall(path.read_text(encoding="utf-8"))})


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


@pytest.mark.parametrize("name", sorted(VERBS))
def test_every_verb_is_documented(name: str) -> None:
    """A verb that can be called has a section on the page about the command line."""
    assert f"\n## {name}\n" in page("command-line.md")


@pytest.mark.parametrize("shown", SHOWN)
def test_a_command_that_is_shown_can_be_called(shown: str) -> None:
    """Every verb and option on a page is one of the command line."""
    verb, *arguments = shlex.split(shown)
    command = typer.main.get_command(build_app()).commands[verb]  # type: ignore[attr-defined]
    context = command.context_class(command, **command.context_settings)

    command.make_parser(context).parse_args(arguments)


@pytest.mark.parametrize("name", EXTRAS)
def test_every_extra_is_listed(name: str) -> None:
    """What can stand in the brackets of `pip install` stands on the first page."""
    assert re.search(rf"^\|[^|]*`{name}`[^|]*\|", page("index.md"), re.MULTILINE)


@pytest.mark.parametrize("path", sorted((ROOT / "examples").iterdir()), ids=lambda path: path.name)
def test_every_example_is_listed(path: Path) -> None:
    """A script that shows something stands on the first page."""
    assert path.name == "__pycache__" or f"`{path.name}`" in page("index.md")


@pytest.mark.parametrize("meter", build_meters(str).table, ids=lambda meter: type(meter).__name__)
def test_every_metric_says_what_it_is(meter: object) -> None:
    """Each name that a meter can return has a unit and a sentence, and stands in one meter only."""
    for spec in meter.specs:  # type: ignore[attr-defined]
        assert spec.description.endswith(".")
        assert spec.name == spec.name.lower()
        assert f"| `{meter.group}.{spec.name}` |" in page("log.md")  # type: ignore[attr-defined]


def leads_somewhere(link: str, path: Path) -> bool:
    """Returns whether a relative link of a page names a file that exists and a heading in it."""
    name, _, anchor = link.partition("#")
    target = path.parent / name if name else path
    if not target.exists() or not anchor:
        return target.exists()
    headings = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
    return anchor in {slugify(heading, "-") for heading in headings}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_between_files_lead_somewhere(path: Path) -> None:
    """No link within the project is dead."""
    links = re.findall(r"\]\(([^):]+)\)", path.read_text(encoding="utf-8"))

    assert [] == [link for link in links if not leads_somewhere(link, path)]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_files_that_are_named_are_there(path: Path) -> None:
    """A source file that a page names is one of the project's, wherever it was moved."""
    named = set(re.findall(r"`([\w/]+\.py)`", path.read_text(encoding="utf-8")))
    folders = (ROOT, ROOT / "verbose_logging", ROOT / "examples")

    assert [] == sorted(name for name in named if not any((folder / name).is_file() for folder in folders))


def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    """`make docs` passes: each page is in the menu, and each link and anchor of the pages leads somewhere."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")]
    built = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)

    assert 0 == built.returncode, built.stderr


def test_the_rules_are_counted() -> None:
    """As many rules as the README says there are."""
    assert [str(len(RULES))] == re.findall(r"(\d+) rules", (ROOT / "README.md").read_text(encoding="utf-8"))


def test_the_version_is_told_once_in_every_place() -> None:
    """The newest heading of the changelog and the citation name the version and the day of the package."""
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    version, day = re.findall(r"^## \[(.+)\] - (\S+)$", changes, re.MULTILINE)[0]
    cited = (ROOT / "CITATION.cff").read_text(encoding="utf-8")

    assert f'version = "{version}"' in PROJECT
    assert f"version: {version}\ndate-released: {day}\n" in cited


def test_the_line_that_the_readme_shows_is_one() -> None:
    """Unfolded, it satisfies the schema, its omitted parts apart, and the run file beside it is JSON too."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    line, run = (json.loads(block) for block in re.findall(r"^```json\n(.*?)^```", text, re.DOTALL | re.MULTILINE))

    jsonschema.Draft202012Validator(log_schema()).validate(line | {"timing": {}})
    assert {"training_iterations", "eval_steps", "summary"} <= set(run)


def test_readme_is_short() -> None:
    """A page that is read is at most 150 lines long."""
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150
