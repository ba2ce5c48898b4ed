"""Entries with the figures that a sample shows, and what forms make of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from verbose_logging.console.output import Output
from verbose_logging.console.screen import Screen
from verbose_logging.entries import Entry, EntryBase

Header = Callable[..., dict[str, Any]]
ShowEntries = Callable[..., list[Output]]


@pytest.fixture
def header() -> Header:
    """Makes the keys that every entry has, those given first."""

    def make(**given: Any) -> dict[str, Any]:
        keys = {
            "timestamp": "2025-09-20T22:31:25.227000+00:00",
            "level": "INFO",
            "message": "",
            "run_id": "run-1",
            "seq": 1,
            "rank": 0,
            "step": 1,
            "epoch": 1,
        }
        return keys | given

    return make


@pytest.fixture
def show() -> ShowEntries:
    """Shows entries by some forms."""

    def shown(entries: Iterable[Entry | EntryBase], *forms: str, interval_seconds: float = 0.0) -> list[Output]:
        screen = Screen(forms, interval_seconds=interval_seconds)
        return [output for entry in entries for output in screen.outputs(entry)]  # type: ignore[arg-type]

    return shown
