from __future__ import annotations

from pathlib import Path

from verbose_logging.probes.cgroup import MemoryLimit, limitable_groups, memory_limit


def _write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root


def test_a_containers_limit_is_found_at_the_top(tmp_path: Path) -> None:
    """Inside a container the own group is the top; file cache that can be given up does not count as used."""
    root = _write(
        tmp_path,
        {
            "proc/self/cgroup": "0::/\n",
            "sys/fs/cgroup/memory.max": "8000\n",
            "sys/fs/cgroup/memory.current": "5000\n",
            "sys/fs/cgroup/memory.stat": "anon 3000\ninactive_file 1500\nactive_file 500\n",
        },
    )

    assert MemoryLimit(limit_bytes=8000, used_bytes=3500) == memory_limit(limitable_groups(root))


def test_the_tightest_limit_above_the_process_counts(tmp_path: Path) -> None:
    """A job's group may be unlimited below a limited one; what the limited group holds counts."""
    root = _write(
        tmp_path,
        {
            "proc/self/cgroup": "9:name=systemd:/\n0::/slurm/job/step\n",
            "sys/fs/cgroup/slurm/job/step/memory.max": "max\n",
            "sys/fs/cgroup/slurm/job/step/memory.current": "1\n",
            "sys/fs/cgroup/slurm/job/memory.max": "600\n",
            "sys/fs/cgroup/slurm/job/memory.current": "200\n",
            "sys/fs/cgroup/slurm/memory.max": "900\n",
            "sys/fs/cgroup/slurm/memory.current": "800\n",
        },
    )

    assert MemoryLimit(limit_bytes=600, used_bytes=200) == memory_limit(limitable_groups(root))


def test_an_unlimited_group_has_no_limit(tmp_path: Path) -> None:
    """The word "max" stands for no limit."""
    root = _write(tmp_path, {"proc/self/cgroup": "0::/user\n", "sys/fs/cgroup/user/memory.max": "max\n"})

    assert memory_limit(limitable_groups(root)) is None


def test_the_old_hierarchy_has_no_limit(tmp_path: Path) -> None:
    """A machine with cgroup v1 only has no line of v2."""
    assert memory_limit(limitable_groups(_write(tmp_path, {"proc/self/cgroup": "4:memory:/job\n"}))) is None


def test_a_system_without_groups_has_no_limit(tmp_path: Path) -> None:
    """There is no /proc on macOS."""
    assert memory_limit(limitable_groups(tmp_path)) is None


def test_a_group_that_cannot_be_looked_at_is_passed_over(tmp_path: Path) -> None:
    """The group's own folder may be closed to this process, or its name too long; the one above it still counts."""
    root = _write(
        tmp_path,
        {
            "proc/self/cgroup": f"0::/{'x' * 300}\n",
            "sys/fs/cgroup/memory.max": "600\n",
            "sys/fs/cgroup/memory.current": "200\n",
        },
    )

    assert MemoryLimit(limit_bytes=600, used_bytes=200) == memory_limit(limitable_groups(root))
