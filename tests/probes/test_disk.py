from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from verbose_logging.probes.disk import DiskProbe


def _psutil(asked: list[str]) -> SimpleNamespace:
    def disk_usage(path: str) -> SimpleNamespace:
        asked.append(path)
        return SimpleNamespace(free=30 * 1024**3, percent=70)

    return SimpleNamespace(disk_usage=disk_usage)


def test_the_disk_of_the_log_is_read(tmp_path: Path) -> None:
    """Free space in GB, and the share in use as a float."""
    asked: list[str] = []
    reading = DiskProbe(_psutil(asked), path=tmp_path).read()

    assert ([str(tmp_path)], {"free_gb": 30.0, "usage_percent": 70.0}) == (asked, reading)


def test_a_missing_folder_stands_for_its_nearest_parent(tmp_path: Path) -> None:
    """A log folder that is made later, or was deleted, lies on the disk of the folder above it."""
    asked: list[str] = []
    DiskProbe(_psutil(asked), path=tmp_path / "runs" / "today").read()

    assert [str(tmp_path)] == asked


def test_a_relative_folder_stays_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The training may change its working directory; the log does not move."""
    asked: list[str] = []
    monkeypatch.chdir(tmp_path)
    probe = DiskProbe(_psutil(asked), path=Path())
    monkeypatch.chdir("/")
    probe.read()

    assert [str(tmp_path)] == asked
