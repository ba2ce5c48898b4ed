"""Real trainings, sick and healthy: a quick part of `benchmarks/health.py`."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks.health import false_alarms, judge, observe
from benchmarks.trainings.healthy import HEALTHY
from benchmarks.trainings.sick import SICK

pytestmark = [pytest.mark.trainer, pytest.mark.filterwarnings("ignore")]

QUICK_SICK = (
    "rate too high", "NaN from a bad batch", "vanishing by depth", "dead learning rate", "frozen model",
    "labels masked", "tiny set overfitted", "padding of 80%",
)  # fmt: skip
QUICK_HEALTHY = ("SFT", "DPO", "classification", "batch of one", "gradient accumulation", "small targets")


@pytest.mark.parametrize("kind", QUICK_SICK)
def test_a_sick_training_is_found_by_its_right_name(kind: str) -> None:
    """First of all, and within fifty steps of the onset."""
    verdict = judge(SICK[kind], observe(SICK[kind].prepare, seed=1))

    assert verdict.is_right, verdict


@pytest.mark.parametrize("kind", QUICK_HEALTHY)
def test_a_healthy_training_is_left_in_peace(kind: str) -> None:
    """No warning about training health."""
    assert [] == false_alarms(observe(HEALTHY[kind], seed=1))
