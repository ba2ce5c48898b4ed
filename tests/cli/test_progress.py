"""A bar for what takes longer than a second."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from verbose_logging.cli.progress import ReadingProgress, reading_progress
from verbose_logging.reading.files.blocks import unheard
from verbose_logging.testing import ManualClock


def bar(total: int, clock: ManualClock) -> tuple[ReadingProgress, Progress, io.StringIO]:
    """Returns what hears how far reading has come, its bar, and what the bar writes."""
    text = io.StringIO()
    progress = Progress(console=Console(file=text, force_terminal=True), auto_refresh=False)
    return ReadingProgress(total, progress, clock.monotonic), progress, text


def test_what_is_quick_shows_nothing() -> None:
    """Within a second nobody needs a bar."""
    clock = ManualClock()
    hear, progress, text = bar(100, clock)
    clock.advance(0.9)
    hear(50)
    progress.stop()

    assert "" == text.getvalue()


def test_what_takes_longer_shows_how_far_it_has_come() -> None:
    """The bytes of files that are done count, too: a lower position begins the next file."""
    clock = ManualClock()
    hear, progress, text = bar(200, clock)
    hear(100)
    clock.advance(1.1)
    hear(50)
    progress.refresh()
    progress.stop()

    assert 150 == progress.tasks[0].completed
    assert "75%" in text.getvalue()


def test_without_a_terminal_there_is_none(tmp_path: Path) -> None:
    """A file or a pipe gets no bar."""
    with reading_progress([tmp_path / "missing"]) as hear:
        assert unheard is hear
