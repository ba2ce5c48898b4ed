"""Long healthy runs, and the runs that people described: who cries wolf is not heard."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from verbose_logging.entries import Entry, TrainingInitialization, TrainingStart, TrainingStepComplete
from verbose_logging.guard import Guard
from verbose_logging.rules import build_rules
from verbose_logging.rules.alerts import Alerts, Finding

STEPS = 100_000
COMMON = {"timestamp": "2026-01-02T03:04:05+00:00", "level": "INFO", "message": "", "run_id": "r", "seq": 1, "rank": 0}


def opening(total_steps: int, warmup_steps: int) -> list[Entry]:
    """Returns the entries that open a run of a language model."""
    described = TrainingInitialization(
        **COMMON,
        step=0,
        epoch=1,
        training_args={"warmup_steps": warmup_steps, "learning_rate": 3e-4},
        model_info={},
        dataset_info={},
        settings={},
        metric_sources={},
        objective={"loss": "token_cross_entropy", "chance_loss": math.log(32_000), "schedule": "cosine"},
    )
    return [described, TrainingStart(**COMMON, step=0, epoch=1, attempt=1, total_steps=total_steps)]


def step(number: int, *, loss: float, norm: float, rate: float) -> Entry:
    """Returns the entry of a step."""
    metrics: dict[str, Any] = {"loss": loss, "grad_norm": norm, "learning_rate": rate}
    return TrainingStepComplete(**COMMON, step=number, epoch=1, timing={}, metrics=metrics, progress={})


def pretraining() -> Iterator[Entry]:
    """Yields a language model from scratch: warm-up, a power law, noise, a spike of a few steps every now and then."""
    scatter = random.Random(11)
    yield from opening(STEPS, 2000)
    spike = 0
    for number in range(1, STEPS + 1):
        rate = 3e-4 * min(number / 2000, 0.5 * (1 + math.cos(math.pi * number / STEPS)))
        if scatter.random() < 2e-4:
            spike = scatter.randrange(1, 15)
        jump = scatter.uniform(0.2, 0.7) if spike else 0.0
        spike = max(0, spike - 1)
        level = 1.7 + 8.6 * (1 + number / 200) ** -0.6
        norm = scatter.lognormvariate(-1.2, 0.3) * (4 if jump else 1) * (1 + 20 / (1 + number / 100))
        yield step(number, loss=level * (1 + jump) + scatter.gauss(0, 0.05), norm=norm, rate=rate)


def fine_tuning() -> Iterator[Entry]:
    """Yields a fine-tune with one long sample at a time: a loss that is low, loud and long-tailed."""
    scatter = random.Random(12)
    yield from opening(STEPS, 1000)
    for number in range(1, STEPS + 1):
        rate = 3e-4 * min(number / 1000, 0.5 * (1 + math.cos(math.pi * number / STEPS)))
        level = 0.9 + 0.5 * math.exp(-number / 3000)
        loss = level * scatter.lognormvariate(0, 0.35)
        yield step(number, loss=loss, norm=scatter.lognormvariate(0.5, 0.6), rate=rate)


def serious(entries: Iterator[Entry]) -> list[Finding]:
    """Returns the findings that are worse than information."""
    alerts = Alerts(build_rules({}), Guard(print, strict=True))
    return [found for entry in entries for found in alerts.judge(entry) if found.severity != "INFO"]


@pytest.mark.parametrize("trace", [pretraining, fine_tuning])
def test_a_hundred_thousand_healthy_steps_are_silent(trace: Any) -> None:
    """Warm-up, noise, long tails and spikes that recover give no warning."""
    assert [] == [(found.rule.name, found.step) for found in serious(trace())]


def interpolated(marks: list[tuple[int, float, float, float]], seed: int) -> Iterator[tuple[int, float, float, float]]:
    """Yields step, loss, norm and rate of each step between those that a person wrote down, with a little noise."""
    scatter = random.Random(seed)
    for (first, *before), (last, *after) in pairwise(marks):
        for number in range(first, last):
            share = (number - first) / (last - first)
            loss, norm, rate = ((1 - share) * one + share * other for one, other in zip(before, after, strict=True))
            yield number, loss * (1 + scatter.gauss(0, 0.005)), norm * (1 + scatter.gauss(0, 0.02)), rate


def told(marks: list[tuple[int, float, float, float]], story: Any, **options: Any) -> list[tuple[str, int]]:
    """Returns the warnings of a run through these marks."""
    run = story(total_steps=None, **options)
    for number, loss, norm, rate in interpolated(marks, seed=3):
        del number
        run.step(loss, norm, learning_rate=rate)
    return [(found.rule, found.step) for found in run.findings() if found.severity != "INFO"]


def test_the_exploding_run_is_told_as_one(story: Any) -> None:
    """2.4, then a norm of 15.8, then NaN: an explosion before the crash, and a lower rate as the remedy."""
    run = story(total_steps=None)
    for _, loss, norm, rate in interpolated([(1, 2.5, 1.2, 2e-4), (15, 2.3, 1.2, 2e-4)], seed=1):
        run.step(loss, norm, learning_rate=rate)
    run.steps([2.1] * 15, 15.8, learning_rate=2e-4).step(float("nan"), float("nan"), learning_rate=2e-4)
    found = run.findings()

    assert ["exploding_gradients", "nonfinite_loss"] == [entry.rule for entry in found if entry.state == "firing"]
    assert "learning_rate 1.00e-04 instead of 2.00e-04" in found[0].suggestion


def test_the_run_that_barely_moves_is_told_as_not_learning(story: Any) -> None:
    """2.45, 2.44, 2.43 over 300 steps, and 5e-4 as the remedy."""
    marks = [(1, 2.45, 0.05, 2e-4), (200, 2.44, 0.05, 2e-4), (300, 2.43, 0.05, 2e-4)]

    assert ["not_learning"] == [name for name, _ in told(marks, story)]


def test_the_overfitted_run_is_told_as_one(story: Any) -> None:
    """Training from 0.8 to 0.2 and validation from 0.9 to 1.5 over five epochs."""
    run = story(total_steps=250, steps_per_epoch=50)
    for training, validation in [(0.8, 0.9), (0.6, 0.85), (0.4, 1.0), (0.3, 1.2), (0.2, 1.5)]:
        run.steps([training] * 50)
        run.script.evaluate(eval_loss=validation)

    assert "overfitting" == run.told()[0][0]


def test_the_healthy_progression_is_silent(story: Any) -> None:
    """The six marks of a good run over three epochs."""
    marks = [
        (1, 2.6, 1.3, 2e-4), (10, 2.45, 1.2, 2e-4), (50, 1.89, 0.9, 1.8e-4), (100, 1.23, 0.7, 1.5e-4),
        (150, 0.87, 0.5, 1.2e-4), (200, 0.65, 0.4, 8e-5), (250, 0.54, 0.3, 5e-5),
    ]  # fmt: skip

    assert [] == told(marks, story)
