"""A log of four steps, kept as a file so that the readers are tested on lines that do not change with the writer."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def log_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A log in the working directory, named relative to it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    return Path(shutil.copy(Path(__file__).with_name("run.jsonl"), "run.jsonl"))


@pytest.fixture
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with nothing in it."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
