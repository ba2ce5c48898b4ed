from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from verbose_logging.probes.memory import MemoryProbe

_GB = 1024**3
_PSUTIL = SimpleNamespace(
    virtual_memory=lambda: SimpleNamespace(total=64 * _GB, used=14 * _GB, available=48 * _GB, percent=25.0)
)


def _container(root: Path, *, limit_gb: int, used_gb: int) -> Path:
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text("0::/\n")
    (root / "sys/fs/cgroup").mkdir(parents=True)
    (root / "sys/fs/cgroup/memory.max").write_text(str(limit_gb * _GB))
    (root / "sys/fs/cgroup/memory.current").write_text(str(used_gb * _GB))
    return root


def test_a_machines_memory_is_what_it_says(tmp_path: Path) -> None:
    """What is not available counts as used up: 16 of 64 GB are 25 %."""
    reading = MemoryProbe(_PSUTIL, root=tmp_path).read()

    assert {"usage_percent": 25.0, "used_gb": 14.0, "available_gb": 48.0, "total_gb": 64.0} == reading


def test_a_container_has_what_its_limit_leaves(tmp_path: Path) -> None:
    """The kernel ends a container at its limit, however much the machine has left."""
    reading = MemoryProbe(_PSUTIL, root=_container(tmp_path, limit_gb=16, used_gb=12)).read()

    assert {"usage_percent": 75.0, "used_gb": 12.0, "available_gb": 4.0, "total_gb": 16.0} == reading


def test_a_limit_that_is_changed_meanwhile_counts(tmp_path: Path) -> None:
    """A container that is given more while it runs has more."""
    probe = MemoryProbe(_PSUTIL, root=_container(tmp_path, limit_gb=16, used_gb=12))
    before = probe.read()["total_gb"]
    (tmp_path / "sys/fs/cgroup/memory.max").write_text(str(24 * _GB))

    assert (16.0, 24.0) == (before, probe.read()["total_gb"])


def test_a_limit_above_the_machines_memory_is_none(tmp_path: Path) -> None:
    """A container cannot have more than its machine."""
    reading = MemoryProbe(_PSUTIL, root=_container(tmp_path, limit_gb=128, used_gb=1)).read()

    assert 64.0 == reading["total_gb"]


def test_a_full_machine_leaves_a_container_less_than_its_limit(tmp_path: Path) -> None:
    """60 GB are allowed and 2 used, and yet only 48 are there to be had."""
    reading = MemoryProbe(_PSUTIL, root=_container(tmp_path, limit_gb=60, used_gb=2)).read()

    assert (48.0, 20.0) == (reading["available_gb"], reading["usage_percent"])
