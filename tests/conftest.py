"""What all tests share."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

collect_ignore = ["snippets"]  # scripts as users write them; tests/cli/test_snippets.py runs them

HERE = Path(__file__).parent


def compiled(source: Path, library: Path) -> Path:
    """Returns a shared library, made from a C file; skips where that cannot be done."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None or sys.platform != "linux":
        pytest.skip(f"{source.name} needs Linux and a C compiler (cc, gcc or clang)")
    flags = ["-O1", "-w", "-fPIC", "-shared", f"-Wl,-soname,{library.name}"]
    subprocess.run([compiler, *flags, "-o", str(library), str(source), "-lpthread", "-ldl"], check=True)
    return library


@pytest.fixture(scope="session")
def fake_driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the fake `libnvidia-ml.so.1`."""
    library = tmp_path_factory.mktemp("fakenvml") / "libnvidia-ml.so.1"
    return compiled(HERE / "fakenvml" / "fakenvml.c", library).parent


@pytest.fixture(scope="session")
def bad_disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library that, preloaded, makes a disk misbehave."""
    return compiled(HERE / "faults" / "badfs.c", tmp_path_factory.mktemp("badfs") / "badfs.so")
