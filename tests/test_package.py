"""What a user installs: the wheel and the sdist that are built from this tree, in an empty environment."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the wheel, built from the sdist, as an index would serve them."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def program(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command line in an environment that holds the wheel and what it needs, no extras."""
    folder = tmp_path_factory.mktemp("env")
    venv.create(folder, with_pip=True)
    python, wheel = folder / "bin" / "python", next(built.glob("*.whl"))
    install = [
        str(python),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--constraint",
        str(ROOT / "constraints.txt"),
        str(wheel),
    ]
    subprocess.run(install, check=True, capture_output=True)
    return folder / "bin" / "verbose-logging"


def answer(program: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Returns what the command line answers, far from this tree."""
    return subprocess.run(
        [str(program), *arguments], capture_output=True, text=True, check=False, cwd=program.parent, env={}
    )


def test_the_wheel_holds_the_package_alone(built: Path) -> None:
    """Neither tests nor tools nor benchmarks are installed, and the types are marked."""
    names = zipfile.ZipFile(next(built.glob("*.whl"))).namelist()

    assert {"verbose_logging", "verbose_logging-0.1.0.dist-info"} == {name.split("/")[0] for name in names}
    assert "verbose_logging/py.typed" in names


def test_the_sdist_holds_what_it_takes_to_build_and_test(built: Path) -> None:
    """Who packages it elsewhere finds the tests, the documentation and the pinned versions."""
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        top = {name.split("/")[1] for name in archive.getnames()}

    assert {"Makefile", "README.md", "constraints.txt", "docs", "examples", "tests", "tools", "verbose_logging"} <= top


def test_without_extras_it_helps(program: Path) -> None:
    """`--help` names the verbs."""
    found = answer(program, "--help")

    assert (0, "") == (found.returncode, found.stderr)
    assert "show" in found.stdout


def test_without_extras_it_shows_a_log(program: Path) -> None:
    """A log that another machine wrote can be read where nothing for training is installed."""
    found = answer(program, "show", str(ROOT / "tests" / "cli" / "run.jsonl"))

    assert (0, "") == (found.returncode, found.stderr)
    assert "Where the time went" in found.stdout


def test_without_extras_the_demo_names_what_to_install(program: Path) -> None:
    """A verb that needs more says so in one line, with the command."""
    found = answer(program, "demo")

    assert 2 == found.returncode
    assert ["error:"] == [line.split()[0] for line in found.stderr.splitlines()]
    assert "verbose-logging[train]" in found.stderr
