"""The memory limit of the control group (cgroup v2) that this process runs in: a container's real size."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple


class MemoryLimit(NamedTuple):
    """A control group's limit, and what counts against it without the file cache that can be given up."""

    limit_bytes: int
    used_bytes: int


def limitable_groups(root: Path) -> list[Path]:
    """Returns the folders of the groups that can limit this process's memory: its own, and those above it.

    Args:
        root: The file system's root.
    """
    own = _own_group(root)
    if own is None:
        return []
    top = root / "sys/fs/cgroup"
    groups = [top / own, *(top / parent for parent in own.parents)]
    return [group for group in groups if os.path.exists(group / "memory.max")]  # noqa: PTH110 - Path's own may raise


def memory_limit(groups: Iterable[Path]) -> MemoryLimit | None:
    """Returns the tightest limit that one of the groups has, `None` where nothing is limited."""
    limits = [(limit, group) for group in groups if (limit := _number(group / "memory.max")) is not None]
    if not limits:
        return None
    limit, group = min(limits)
    used = _number(group / "memory.current")
    return None if used is None else MemoryLimit(limit, max(0, used - _inactive_file(group)))


def _own_group(root: Path) -> Path | None:
    """Returns the group's path relative to the hierarchy's top; the line of cgroup v2 begins with `0::`."""
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return None
    return next((Path(line[3:].lstrip("/")) for line in lines if line.startswith("0::")), None)


def _number(file: Path) -> int | None:
    """Returns the file's number; `None` if there is no file, or it says "max"."""
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return None


def _inactive_file(group: Path) -> int:
    """Returns the bytes of file cache that the kernel takes back first."""
    try:
        lines = (group / "memory.stat").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("inactive_file ")), 0)
