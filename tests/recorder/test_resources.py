"""The latest reading of every probe, and how old it is."""

from __future__ import annotations

from typing import Any

from verbose_logging.facts import ProbeFailed, ProbeRead
from verbose_logging.recorder.resources import Resources


def usage_after(*told: ProbeRead | ProbeFailed) -> dict[str, Any]:
    """Returns `resource_usage` after these facts."""
    resources = Resources(lambda at: f"at {at:g}")
    for fact in told:
        resources.observe(fact)
    return resources.usage() or {}


def test_readings_stand_under_their_probes_names() -> None:
    """Each probe's latest reading, dated by the newest."""
    usage = usage_after(
        ProbeRead(1.0, "memory", {"usage_percent": 50.0}),
        ProbeRead(2.0, "cpu", {"usage_percent": 10.0}),
        ProbeRead(3.0, "memory", {"usage_percent": 60.0}),
    )

    assert {"sampled_at": "at 3", "memory": {"usage_percent": 60.0}, "cpu": {"usage_percent": 10.0}} == usage


def test_a_reading_that_could_not_be_renewed_says_so() -> None:
    """A probe that fails after its answer: the old figure carries its age and the reason, until it answers again."""
    answer, failure = ProbeRead(1.0, "memory", {"usage_percent": 50.0}), ProbeFailed(4.0, "memory", "OSError: gone")

    assert {"usage_percent": 50.0, "age_seconds": 3.0, "error": "OSError: gone"} == usage_after(answer, failure)[
        "memory"
    ]
    assert {"usage_percent": 55.0} == usage_after(answer, failure, ProbeRead(5.0, "memory", {"usage_percent": 55.0}))[
        "memory"
    ]


def test_driver_and_torch_are_one_device() -> None:
    """What the driver and torch say of a device stands together, matched by UUID and not by order."""
    usage = usage_after(
        ProbeRead(1.0, "nvidia", {"devices": [{"index": 0, "uuid": "A", "power_w": 300}, {"index": 1, "uuid": "B"}]}),
        ProbeRead(1.0, "torch_cuda", {"devices": [{"index": 1, "uuid": "A", "memory_allocated_gb": 7.0}]}),
    )

    assert [
        {"index": 0, "uuid": "A", "power_w": 300, "memory_allocated_gb": 7.0},
        {"index": 1, "uuid": "B"},
    ] == usage["gpu"]["devices"]


def test_a_foreign_probes_nonsense_costs_only_itself() -> None:
    """Devices that are no list are left out; memory is still there."""
    usage = usage_after(
        ProbeRead(1.0, "nvidia", {"devices": "nope"}), ProbeRead(1.0, "memory", {"usage_percent": 50.0})
    )

    assert "gpu" not in usage
    assert {"usage_percent": 50.0} == usage["memory"]


def test_peaks_are_the_highest_readings() -> None:
    """A peak stays when the reading falls."""
    resources = Resources(str)
    for percent in (50.0, 80.0, 60.0):
        resources.observe(ProbeRead(percent, "memory", {"usage_percent": percent}))

    assert {"memory_usage_peak": 80.0} == resources.peaks
