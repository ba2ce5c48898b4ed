"""GPUs that slow down or are gone."""

from __future__ import annotations

from typing import Any

from verbose_logging.testing import FactScript, record


def told(*readings: dict[str, Any]) -> list[tuple[str, str, int]]:
    """Returns rule, state and step of what is told of one device's readings."""
    script = FactScript(total_steps=100, steps_per_epoch=100).open().begin().epoch_begin()
    for reading in readings:
        script.read("nvidia", {"devices": [{"index": 0, **reading}]}).step()
    entries = record(script.facts).entries
    return [(entry.rule, entry.state, entry.step) for entry in entries if hasattr(entry, "rule")]


HOT = {"throttle_reasons": ["sw_thermal_slowdown"], "temperature_c": 91.0}
COOL = {"throttle_reasons": [], "temperature_c": 60.0}


def test_three_hot_readings_are_told_and_their_end_too() -> None:
    """With the temperature."""
    assert [("gpu_throttled", "firing", 3), ("gpu_throttled", "resolved", 5)] == told(HOT, HOT, HOT, HOT, COOL)


def test_a_power_cap_is_full_load() -> None:
    """The usual state of a busy device."""
    assert [] == told(*[{"throttle_reasons": ["sw_power_cap", "applications_clocks"]}] * 10)


def test_a_lost_device_is_told() -> None:
    """What the driver says twice."""
    assert [("gpu_lost", "firing", 3)] == told(COOL, {"error": "GPU is lost"}, {"error": "GPU is lost"})


def test_a_reading_that_is_seen_twice_counts_once() -> None:
    """Three steps within one reading are no three readings."""
    script = FactScript(total_steps=100, steps_per_epoch=100).open().begin().epoch_begin()
    script.read("nvidia", {"devices": [{"index": 0, **HOT}]})
    for _ in range(10):
        script.step()

    assert [] == record(script.facts).of_type("performance_anomaly")
