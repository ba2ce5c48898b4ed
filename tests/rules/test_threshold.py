"""Readings that must not pass a fixed limit."""

from __future__ import annotations

from verbose_logging.testing import FactScript, MemorySink, record


def with_readings(probe: str, readings: list[dict[str, object]], **options: object) -> MemorySink:
    """Returns what is recorded of a run with one reading before each step."""
    script = FactScript(total_steps=len(readings), steps_per_epoch=len(readings)).open().begin().epoch_begin()
    for reading in readings:
        script.read(probe, reading).step(loss=1.0)
    return record(script.facts, **options)


def memory(*percents: float) -> list[dict[str, object]]:
    """Returns memory readings."""
    return [{"usage_percent": percent} for percent in percents]


def test_memory_above_90_percent_is_told_once_and_resolved_once() -> None:
    """Three steps above the limit give one warning where it began and one line where it ended."""
    findings = with_readings("memory", memory(50.0, 95.0, 96.0, 97.0, 60.0)).of_type("resource_warning")

    assert [("firing", 2, "WARNING"), ("resolved", 5, "INFO")] == [
        (found.state, found.step, found.level) for found in findings
    ]
    assert {"usage_percent": 95.0, "limit_percent": 90.0}.items() <= findings[0].evidence.items()
    assert "Memory is 95.0% full (limit 90%)" in findings[0].message


def test_exactly_90_percent_is_no_finding() -> None:
    """The limit itself is still allowed."""
    assert [] == with_readings("memory", memory(90.0, 90.0)).of_type("resource_warning")


def test_a_reading_that_hovers_at_the_limit_does_not_flood() -> None:
    """Within the cool-down the same finding is told once, however often it comes back."""
    findings = with_readings("memory", memory(*[95.0, 80.0] * 20)).of_type("resource_warning")

    assert 2 == len(findings)


def test_each_gpu_has_its_own_finding() -> None:
    """One full device of two is named; the other is not."""
    reading: dict[str, object] = {
        "devices": [{"index": 0, "memory_usage_percent": 40.0}, {"index": 1, "memory_usage_percent": 99.0}]
    }
    findings = with_readings("nvidia", [reading]).of_type("resource_warning")

    assert [("high_gpu_memory", "gpu1")] == [(found.rule, found.evidence["device"]) for found in findings]


def test_a_missing_reading_says_nothing() -> None:
    """A device without a memory figure is neither full nor empty."""
    assert [] == with_readings("nvidia", [{"devices": [{"index": 0}]}]).of_type("resource_warning")


def test_the_limit_can_be_set_and_the_rule_switched_off() -> None:
    """`alerts` changes a rule's parameter or removes the rule."""
    lower = with_readings("memory", memory(85.0), alerts={"high_memory": {"above": 80}})
    off = with_readings("memory", memory(99.0), alerts={"high_memory": "off"})

    assert 1 == len(lower.of_type("resource_warning"))
    assert [] == off.of_type("resource_warning")


def test_low_judges_what_it_does_not_write() -> None:
    """At low no step is written and a full memory is still found."""
    sink = with_readings("memory", memory(99.0), level="low")

    assert [] == sink.of_type("training_step_complete")
    assert 1 == len(sink.of_type("resource_warning"))
