"""The table, byte for byte that of its sample."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from verbose_logging.console.output import Output
from verbose_logging.entries import TrainingInitialization, TrainingStart, TrainingStepComplete
from verbose_logging.testing import FactScript, record

SAMPLE = """\
Step    Loss      Grad Norm    Learning Rate
------------------------------------------------
10      2.4567    1.234        0.0002000
20      2.1234    0.987        0.0001950
30      1.8901    0.765        0.0001900
500     0.6543    0.234        0.0000500"""
FIGURES = [
    (10, 2.4567, 1.234, 0.0002),
    (20, 2.1234, 0.987, 0.000195),
    (30, 1.8901, 0.765, 0.00019),
    (500, 0.6543, 0.234, 0.00005),
]
Header = Callable[..., dict[str, Any]]
Show = Callable[..., list[Output]]


def step(header: Header, number: int, **metrics: float) -> TrainingStepComplete:
    """Returns a step's entry."""
    return TrainingStepComplete(**header(step=number), timing={}, metrics=dict(metrics), progress={})


def steps_shown(outputs: list[Output]) -> list[int]:
    """Returns the steps that have a row."""
    rows = [row for output in outputs if output.bare for row in output.rows]
    return [int(row.split()[0]) for row in rows if row[0].isdigit()]


def test_rows_are_those_of_the_sample(header: Header, show: Show) -> None:
    """Header, rule and rows, byte for byte."""
    steps = [
        step(header, number, loss=loss, grad_norm=norm, learning_rate=rate) for number, loss, norm, rate in FIGURES
    ]
    outputs = show(steps, "table")

    assert SAMPLE == "\n".join(output.text for output in outputs)
    assert all(output.bare for output in outputs)


def test_header_comes_back_every_fifty_rows(header: Header, show: Show) -> None:
    """Over row 1, row 51 and row 101."""
    outputs = show([step(header, number) for number in range(1, 121)], "table")

    assert [0, 50, 100] == [place for place, output in enumerate(outputs) if output.rows[0].startswith("Step ")]


@pytest.mark.parametrize(
    ("training_args", "shown"),
    [
        ({"logging_steps": 10, "logging_strategy": "steps"}, [10, 20, 30, 40]),
        ({"logging_steps": 20, "logging_first_step": True}, [1, 20, 40]),
        ({"logging_steps": 0.25}, [10, 20, 30, 40]),
        ({"logging_steps": 10, "logging_strategy": "epoch"}, list(range(1, 41))),
        ({}, list(range(1, 41))),
    ],
)
def test_the_steps_that_the_trainer_logs_have_a_row(
    training_args: dict[str, Any], shown: list[int], header: Header, show: Show
) -> None:
    """`logging_steps` decides, as a number or as a share of the run; without it every step has its row."""
    opening = [
        TrainingInitialization(
            **header(), training_args=training_args, model_info={}, dataset_info={}, settings={}, metric_sources={}
        ),
        TrainingStart(**header(), attempt=1, total_steps=40),
    ]

    assert shown == steps_shown(show([*opening, *(step(header, number) for number in range(1, 41))], "table"))


def test_columns_never_run_into_each_other(header: Header, show: Show) -> None:
    """A number that is longer than its column keeps a blank behind it."""
    (output,) = show([step(header, 123_456_789, loss=123456.789, grad_norm=1e-6, learning_rate=3e-9)], "table")

    assert ["123456789", "123456.7890", "1.00e-06", "3.00e-09"] == output.rows[-1].split()


def test_at_low_each_progress_report_has_a_row(show: Show) -> None:
    """A level that writes no steps still shows a row for every 10 %."""
    script = FactScript(total_steps=20, steps_per_epoch=20).open().begin().epoch_begin()
    for _ in range(20):
        script.step(loss=1.0)

    assert list(range(2, 21, 2)) == steps_shown(show(record(script.facts, level="low").entries, "table"))
