from __future__ import annotations

import errno
import logging
import os
from pathlib import Path
from typing import Any

from verbose_logging.sinks.fallback import Fallback


def test_problem_is_noted_with_its_traceback(site: Any) -> None:
    """A part's failure stands in the error log with the place where it happened."""
    try:
        int("broken")
    except ValueError as error:
        site.fallback.problem("meter loss", error)
    assert "meter loss: Traceback" in site.errors
    assert "test_problem_is_noted_with_its_traceback" in site.errors
    assert "ValueError: invalid literal" in site.errors


def test_one_warning_serves_all_files(site: Any) -> None:
    """The user is warned of the first file that fails; the error log names each."""
    error = OSError(errno.EACCES, "Permission denied")
    for name in ("a", "b"):
        site.fallback.failing(Path(name), error, lines_waiting=3)
    assert ["cannot write a: Permission denied (errno 13); training goes on, entries wait in memory"] == site.warnings
    assert site.errors.count("Permission denied (errno 13); 3 lines wait in memory") == 2


def test_spills_of_one_process_follow_each_other(site: Any) -> None:
    """A second spill does not overwrite the first."""
    for line in (b'{"a":1}\n', b'{"a":2}\n'):
        site.fallback.undelivered(site.path, [line], reason=None)
    assert site.spilled() == b'{"a":1}\n{"a":2}\n'


def test_spill_does_not_follow_a_link(site: Any) -> None:
    """A link at the spill's name is left alone; the lines go to a temporary folder."""
    site.folder.mkdir()
    victim = site.folder / "victim"
    victim.write_bytes(b"precious\n")
    (site.folder / f"log.spill-{os.getpid()}.jsonl").symlink_to(victim)
    site.fallback.undelivered(site.path, [b"{}\n"], reason=None)
    assert victim.read_bytes() == b"precious\n"
    (spill,) = site.temporary_folder.rglob("*.jsonl")
    assert spill.read_bytes() == b"{}\n"


def test_broken_stderr_raises_nothing(tmp_path: Path, site: Any) -> None:
    """When even the last words fail, training does not hear of it."""
    said: list[bytes] = []

    def last_words(line: bytes) -> None:
        said.append(line)
        raise OSError(errno.EBADF, "stderr is closed")

    missing = tmp_path / "missing"
    fallback = Fallback(site.folder, clock=site.clock, temporary_folder=missing, last_words=last_words)
    fallback.rescue(site.path, [b"{}\n", b"{}\n"])
    assert [
        b"verbose_logging: undelivered to %s: 2 lines are lost: the disk does not answer\n" % bytes(site.path)
    ] == said


def test_warning_goes_through_the_standard_library(site: Any) -> None:
    """Who routes the logger `verbose_logging` gets the warning there."""
    records: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = records.append  # type: ignore[method-assign]
    logger = logging.getLogger("verbose_logging")
    logger.addHandler(handler)
    try:
        fallback = Fallback(site.folder, clock=site.clock)
        fallback.failing(site.path, OSError(errno.EACCES, "Permission denied"), lines_waiting=1)
    finally:
        logger.removeHandler(handler)
    assert [logging.WARNING] == [record.levelno for record in records]
