"""Memory that grows until it is full."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from verbose_logging.testing import FactScript, record


def told(held_mb: Iterable[float], *, available_gb: float = 4.0, total_steps: int = 100_000) -> list[Any]:
    """Returns what is told of a process that holds so much, read once a second."""
    script = FactScript(total_steps=total_steps, steps_per_epoch=total_steps).open().begin().epoch_begin()
    for held in held_mb:
        script.read("memory", {"usage_percent": 50.0, "available_gb": available_gb})
        script.read("process", {"memory_rss_mb": held}).step()
    entries = record(script.facts).of_type("resource_warning")
    return [entry for entry in entries if entry.rule == "memory_leak" and entry.state == "firing"]


def test_steady_growth_is_told_within_25_seconds_with_the_time_left() -> None:
    """20 MB a second into 4 GB: three minutes and twenty seconds."""
    (found,) = told(1000.0 + 20 * second for second in range(25))

    assert found.step <= 25
    assert 200.0 == found.evidence["seconds_to_limit"]
    assert "memory is full in 3 min 20 s" in found.message


def test_growth_that_the_run_will_not_live_to_see_is_none() -> None:
    """A run that ends in a minute."""
    assert [] == told((1000.0 + 20 * second for second in range(30)), total_steps=60)


def test_growth_that_slows_down_is_a_cache() -> None:
    """Half as fast every few seconds."""
    assert [] == told(3000.0 - 2000 * 0.8**second for second in range(40))


def test_memory_that_goes_up_and_down_is_healthy() -> None:
    """As an allocator's does."""
    assert [] == told(1000.0 + 300 * (second % 7) for second in range(60))
