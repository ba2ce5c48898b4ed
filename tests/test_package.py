"""What a user installs: the wheel and the sdist that are built from this tree, in empty environments."""

from __future__ import annotations

import email
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from verbose_logging import read_entries

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the wheel, built from the sdist, as an index would serve them."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    """The wheel."""
    return next(built.glob("*.whl"))


def program_with(*requirements: str, folder: Path) -> Path:
    """Returns the command line of a new environment that holds what is asked for, one after the other, and no more."""
    venv.create(folder, with_pip=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    for requirement in requirements:
        command = [*pip, "--constraint", str(ROOT / "constraints.txt"), requirement]
        subprocess.run(command, check=True, capture_output=True)
    return folder / "bin" / "verbose-logging"


@pytest.fixture(scope="module")
def bare(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command line where nobody asked for an extra."""
    return program_with(str(wheel), folder=tmp_path_factory.mktemp("bare"))


@pytest.fixture(scope="module")
def trained(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in which the demo has been tried for a few steps where `[train]` was asked for."""
    environment = tmp_path_factory.mktemp("train")
    # torch comes first and by itself, as in the Makefile: a range must not pick a build with a GPU runtime.
    program = program_with("torch", f"{wheel}[train]", folder=environment)
    folder = tmp_path_factory.mktemp("folder")
    found = answer(program, "demo", "--steps", "6", within=folder)
    (folder / "stdout").write_text(found.stdout, encoding="utf-8")
    (folder / "stderr").write_text(found.stderr, encoding="utf-8")
    yield folder
    shutil.rmtree(environment)  # more than a gigabyte, which pytest would keep


def answer(program: Path, *arguments: str, within: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Returns what the command line answers, far from this tree and its environment."""
    folder = within or program.parent
    return subprocess.run(
        [str(program), *arguments], capture_output=True, text=True, check=False, cwd=folder, env={"HOME": str(folder)}
    )


def test_the_wheel_holds_the_package_alone(wheel: Path) -> None:
    """Neither tests nor tools nor benchmarks are installed, and the types and the licence come along."""
    names = zipfile.ZipFile(wheel).namelist()

    assert {"verbose_logging", "verbose_logging-0.1.0.dist-info"} == {name.split("/")[0] for name in names}
    assert {"verbose_logging/py.typed", "verbose_logging-0.1.0.dist-info/licenses/LICENSE"} <= set(names)


def test_an_index_shows_what_it_is(wheel: Path) -> None:
    """The README is the page of the project, as markdown, beside its licence and the least Python."""
    shown = email.message_from_bytes(zipfile.ZipFile(wheel).read("verbose_logging-0.1.0.dist-info/METADATA"))

    assert "text/markdown" == shown["Description-Content-Type"]
    assert (ROOT / "README.md").read_bytes() == shown.get_payload(decode=True)
    assert ("Apache-2.0", ">=3.10") == (shown["License-Expression"], shown["Requires-Python"])


def test_the_sdist_holds_what_it_takes_to_build_and_test(built: Path) -> None:
    """Who packages it elsewhere finds the tests, the documentation and the pinned versions."""
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        top = {name.split("/")[1] for name in archive.getnames()}

    assert {"Makefile", "README.md", "constraints.txt", "docs", "examples", "mkdocs.yml", "tests", "tools"} <= top
    assert {"CHANGELOG.md", "CITATION.cff", "CONTRIBUTING.md", "LICENSE", "SECURITY.md", "verbose_logging"} <= top


def test_without_extras_it_helps(bare: Path) -> None:
    """`--help` names the verbs."""
    found = answer(bare, "--help")

    assert (0, "") == (found.returncode, found.stderr)
    assert "show" in found.stdout


def test_without_extras_it_shows_a_log(bare: Path) -> None:
    """A log that another machine wrote can be read where nothing for training is installed."""
    found = answer(bare, "show", str(ROOT / "tests" / "cli" / "run.jsonl"))

    assert (0, "") == (found.returncode, found.stderr)
    assert "Where the time went" in found.stdout


def test_without_extras_the_demo_names_what_to_install(bare: Path) -> None:
    """A verb that needs more says so in one line, with the command."""
    found = answer(bare, "demo")

    assert 2 == found.returncode
    assert ["error:"] == [line.split()[0] for line in found.stderr.splitlines()]
    assert "verbose-logging[train]" in found.stderr


def test_with_the_train_extra_the_demo_comes_to_its_end(trained: Path) -> None:
    """Who installs it in an empty environment sees a fine-tune from the first step to the last."""
    last = list(read_entries(trained / "demo-run" / "verbose_training_logs.jsonl"))[-1]

    assert "Training complete: 6 of 6 steps" in (trained / "stdout").read_text(encoding="utf-8")
    assert ("training_complete", 6) == (last["type"], last["step"])


def test_with_the_train_extra_the_demo_leaves_a_valid_log(trained: Path, bare: Path) -> None:
    """The log that is left satisfies the schema, and an environment without torch can say so."""
    found = answer(bare, "validate", str(trained / "demo-run"))

    assert (0, "") == (found.returncode, found.stderr)
    assert found.stdout.startswith("valid:")


def test_with_the_train_extra_nothing_is_warned_of(trained: Path) -> None:
    """A new user's first run has no traceback and no deprecation of ours on stderr."""
    said = (trained / "stderr").read_text(encoding="utf-8")

    assert [] == [line for line in said.splitlines() if "Traceback" in line or "verbose_logging" in line]
