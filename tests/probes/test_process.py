from __future__ import annotations

from types import SimpleNamespace

from verbose_logging.probes.process import ProcessProbe


def test_the_process_is_read_in_mb_and_counts() -> None:
    """Resident memory, threads and open files of this process."""
    process = SimpleNamespace(
        memory_info=lambda: SimpleNamespace(rss=1536 * 1024**2), num_threads=lambda: 9, num_fds=lambda: 42
    )
    probe = ProcessProbe(SimpleNamespace(Process=lambda: process))

    assert {"memory_rss_mb": 1536.0, "num_threads": 9, "num_fds": 42} == probe.read()


def test_open_files_are_absent_where_the_system_does_not_count_them() -> None:
    """On Windows psutil has no `num_fds`."""
    process = SimpleNamespace(memory_info=lambda: SimpleNamespace(rss=0), num_threads=lambda: 1)

    assert "num_fds" not in ProcessProbe(SimpleNamespace(Process=lambda: process)).read()
