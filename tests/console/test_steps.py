"""The line per step, byte for byte that of its sample."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from datetime import datetime
from typing import Any

from verbose_logging.console.output import Output
from verbose_logging.entries import (
    ProgressReport,
    SubstepComplete,
    TrainingInitialization,
    TrainingStart,
    TrainingStepComplete,
)
from verbose_logging.sinks.console_handler import LineFormatter
from verbose_logging.testing import FactScript, record

SAMPLE = """\
2025-09-20 22:31:25.227 | INFO     | verbose_logging - ✅ Epoch 1/3 | Step 1/150 | loss=10.2313 | avg_loss=10.2313 | lr=1.00e-05 | grad_norm=2.3456 | steps/s=0.85
2025-09-20 22:31:35.248 | INFO     | verbose_logging - ✅ Epoch 1/3 | Step 2/150 | loss=5.2867 | avg_loss=7.7590 | lr=1.05e-05 | grad_norm=1.8921 | steps/s=0.92
2025-09-20 22:31:38.340 | INFO     | verbose_logging - ✅ Epoch 1/3 | Step 3/150 | loss=5.2612 | avg_loss=6.9264 | lr=1.10e-05 | grad_norm=1.5432 | steps/s=0.98
2025-09-20 22:31:41.376 | INFO     | verbose_logging - ✅ Epoch 1/3 | Step 4/150 | loss=2.9820 | avg_loss=5.9403 | lr=1.15e-05 | grad_norm=1.2108 | steps/s=1.02
"""  # noqa: E501 - the sample's own lines
FIGURES = [
    ("22:31:25.227", 10.2313, 10.2313, 1.00e-05, 2.3456, 0.85),
    ("22:31:35.248", 5.2867, 7.7590, 1.05e-05, 1.8921, 0.92),
    ("22:31:38.340", 5.2612, 6.9264, 1.10e-05, 1.5432, 0.98),
    ("22:31:41.376", 2.9820, 5.9403, 1.15e-05, 1.2108, 1.02),
]
Header = Callable[..., dict[str, Any]]
Show = Callable[..., list[Output]]


def printed(output: Output) -> str:
    """Returns an output with the prefix that our own handler gives it."""
    record = logging.makeLogRecord(
        {
            "name": "verbose_logging",
            "levelname": output.severity,
            "msg": output.text,
            "when": datetime.fromisoformat(output.timestamp),
        }
    )
    return LineFormatter().format(record)


def one_step(**step: float) -> FactScript:
    """Returns a run of 150 steps in three epochs that has done its first."""
    return FactScript(total_steps=150, steps_per_epoch=50).open().begin().epoch_begin().step(**step)


def last_step_line(script: FactScript, show: Show) -> str:
    """Returns the line of the last step, whatever rules say behind it."""
    return next(
        output.text
        for output in reversed(show(record(script.facts).entries, "steps"))
        if output.text.startswith("✅ Ep")
    )


def test_step_lines_are_those_of_the_sample(header: Header, show: Show) -> None:
    """Prefix, epoch, step, loss, running mean, learning rate, gradient norm and rate, byte for byte."""
    start = TrainingStart(**header(step=0), attempt=1, total_steps=150, total_epochs=3)
    steps = [
        TrainingStepComplete(
            **header(timestamp=f"2025-09-20T{at}000+00:00", step=step),
            timing={"steps_per_second": rate},
            metrics={"loss": loss, "avg_loss": mean, "learning_rate": learning_rate, "grad_norm": norm},
            progress={},
        )
        for step, (at, loss, mean, learning_rate, norm, rate) in enumerate(FIGURES, start=1)
    ]

    assert SAMPLE.splitlines() == [printed(output) for output in show([start, *steps], "steps")[1:]]


def test_a_run_gives_the_figures_of_the_sample(show: Show) -> None:
    """The same losses as facts of a run: the mean of the epoch is the sample's after each step."""
    script = one_step(loss=10.2313)
    for loss in (5.2867, 5.2612, 2.9820):
        script.step(loss=loss)
    lines = [output.text for output in show(record(script.facts).entries, "steps")]

    assert ["10.2313", "7.7590", "6.9264", "5.9403"] == [
        line.split("avg_loss=")[1].split(" ")[0] for line in lines if "avg_loss=" in line
    ]


def test_what_is_not_known_is_a_dash(show: Show) -> None:
    """A step that the Trainer did not log has no loss and no norm; neither is printed as 0."""
    line = last_step_line(one_step(), show)

    assert "loss=- | avg_loss=- | lr=1.00e-03 | grad_norm=-" in line


def test_a_loss_that_is_not_a_number_says_so(show: Show) -> None:
    """NaN and Infinity are printed as what they are."""
    line = last_step_line(one_step(loss=math.nan, grad_norm=math.inf), show)

    assert "loss=NaN" in line
    assert "grad_norm=Infinity" in line


def test_a_tiny_number_is_not_zero(show: Show) -> None:
    """A loss of 0.00002 is not printed as 0.0000."""
    assert "loss=2.00e-05" in last_step_line(one_step(loss=2e-5), show)


def test_epoch_lines_are_those_of_the_sample(show: Show) -> None:
    """An epoch's beginning and end, byte for byte."""
    script = FactScript(total_steps=150, steps_per_epoch=50).open().begin().epoch_begin()
    for _ in range(50):
        script.step(loss=3.21451, data_wait=0.0, forward_backward=0.3054, optimizer=0.0)
    lines = [output.text for output in show(record(script.epoch_end().facts).entries, "steps")]

    assert "📊 Epoch 1: Starting batch iteration over 50 batches" == lines[1]
    assert "🎯 Epoch 1 completed: avg_loss=3.2145, time=15.27s" == lines[-1]


def test_at_low_each_progress_report_has_a_line(show: Show) -> None:
    """A level that writes no steps still shows one line for every 10 %."""
    script = FactScript(total_steps=20, steps_per_epoch=20).open().begin().epoch_begin()
    for _ in range(20):
        script.step(loss=1.0)
    lines = [output.text for output in show(record(script.facts, level="low").entries, "steps")]

    assert [f"Step {step}/20" for step in range(2, 21, 2)] == [
        line.split(" | ")[1] for line in lines if line.startswith("✅ Epoch")
    ]


def test_at_low_what_a_finding_lays_open_ends_again(header: Header, show: Show) -> None:
    """Steps that low writes after a finding have their lines; later reports have theirs as before."""
    common: dict[str, Any] = {"timing": {}, "metrics": {}, "progress": {}}
    entries = [
        TrainingStepComplete(**header(step=9), **common),
        TrainingStepComplete(**header(step=10), **common),
        ProgressReport(**header(step=10), **common),
        ProgressReport(**header(step=20), **common),
    ]

    assert ["Step 9/-", "Step 10/-", "Step 20/-"] == [output.text.split(" | ")[1] for output in show(entries, "steps")]


def test_ultra_has_a_line_per_micro_batch(show: Show) -> None:
    """Each micro-batch tells its share of the loss, its rows and its tokens."""
    micro_steps = [{"loss": 0.5, "samples": 8, "real_tokens": 1024}]
    entries = record(one_step(micro_steps=micro_steps).facts, level="ultra").entries  # type: ignore[arg-type]
    lines = [output.text for output in show(entries, "steps") if "Batch" in output.text]

    assert ["🔬 Epoch 1/3 | Step 1/150 | Batch 1 | loss=0.5000 | samples=8 | tokens=1,024 | time=700.00ms"] == lines


def test_below_ultra_micro_batches_have_no_line(header: Header, show: Show) -> None:
    """What a finding makes the log take in detail stays in the log."""
    opening = TrainingInitialization(
        **header(),
        training_args={},
        model_info={},
        dataset_info={},
        settings={"verbosity_level": "high"},
        metric_sources={},
    )

    assert [] == show([opening, SubstepComplete(**header(), micro_step=1)], "steps")


def test_steps_are_thinned_out_by_their_own_time(show: Show) -> None:
    """Of steps that take 30 ms each, one in four is shown at 0.1 s; everything that is no step is shown."""
    script = FactScript(total_steps=9, steps_per_epoch=9).open().begin().epoch_begin()
    for _ in range(9):
        script.step(loss=1.0, data_wait=0.0, forward_backward=0.03, optimizer=0.0)
    lines = [
        output.text for output in show(record(script.epoch_end().end().facts).entries, "steps", interval_seconds=0.1)
    ]

    assert ["Step 1/9", "Step 5/9", "Step 9/9"] == [line.split(" | ")[1] for line in lines if line.startswith("✅ Epo")]
    assert any(line.startswith("🎯 Epoch 1 completed") for line in lines)
