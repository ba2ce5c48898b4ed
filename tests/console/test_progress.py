"""The block for each share of a run, byte for byte those of its two samples."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from verbose_logging import facts
from verbose_logging.console.output import Output
from verbose_logging.entries import ProgressReport
from verbose_logging.rules import RULES
from verbose_logging.testing import FactScript, record

STANDARD = """\
================================================================================
🔄 TRAINING PROGRESS: 25% (150,000/600,000 iterations)
================================================================================
📊 Metrics:
   • Loss: 1.234567
   • Learning Rate: 6.00e-04
   • MFU: 42.15%
⏱️ Time:
   • Elapsed: 2.45 hours
   • ETA: 07:21:45
   • Speed: 17.23 iter/s
   • Time per iter: 58.03ms
💾 Memory:
   • GPU Memory: 8.42GB / 24.00GB
   • Tokens processed: 1,536,000,000
================================================================================"""
CURRICULUM = """\
================================================================================
🔄 TRAINING PROGRESS: 50% (25,000/50,000 iterations)
================================================================================
📊 Metrics:
   • Loss (smoothed): 0.456789
   • Learning Rate: 8.50e-05
   • Connection Ratio: 55.0%
   • Phase: hypergraph_patterns - Learning hypergraph patterns
⏱️ Time:
   • Elapsed: 1.23 hours (73.8 min)
   • ETA: 01:13:45
   • Speed: 5.65 iter/s
💾 Memory:
   • GPU: 6.24GB / 16.00GB
   • Batch size: 8 × 4 accumulation
   • Tokens/batch: 8,192
🧠 Model State:
   • Active params: ~42,350,000
   • Total params: 77,000,000
================================================================================"""  # noqa: RUF001 - the sample's sign
Header = Callable[..., dict[str, Any]]
Show = Callable[..., list[Output]]
PHASES = [(0.0, "basic_awareness", "Learning to listen"), (0.5, "hypergraph_patterns", "Learning hypergraph patterns")]


def block_of(report: ProgressReport, show: Show) -> str:
    """Returns the block of a report."""
    (output,) = show([report], "progress")
    assert output.bare
    return output.text


def test_standard_block_is_that_of_the_sample(header: Header, show: Show) -> None:
    """What a plain training knows, byte for byte."""
    report = ProgressReport(
        **header(step=150_000),
        progress={"current_step": 150_000, "total_steps": 600_000, "progress_percent": 25.0},
        metrics={"loss": 1.234567, "learning_rate": 6e-4, "mfu_percent": 42.15, "num_tokens": 1_536_000_000},
        timing={
            "total_elapsed_minutes": 147.0,
            "eta_minutes": 441.75,
            "steps_per_second": 17.23,
            "avg_step_time_seconds": 0.05803,
        },
        resource_usage={"gpu": {"devices": [{"index": 0, "memory_used_gb": 8.42, "memory_total_gb": 24.0}]}},
    )

    assert STANDARD == block_of(report, show)


def test_curriculum_block_is_that_of_the_sample(header: Header, show: Show) -> None:
    """What a training with a model state and phases knows, byte for byte."""
    report = ProgressReport(
        **header(step=25_000),
        progress={"current_step": 25_000, "total_steps": 50_000, "progress_percent": 50.0},
        metrics={"smoothed_loss": 0.456789, "learning_rate": 8.5e-5},
        timing={"total_elapsed_minutes": 73.8, "eta_minutes": 73.75, "steps_per_second": 5.65},
        resource_usage={"gpu": {"devices": [{"index": 0, "memory_allocated_gb": 6.24, "memory_total_gb": 16.0}]}},
        batch={"batch_size": 8, "gradient_accumulation_steps": 4, "tokens_per_batch": 8192},
        model={"total_parameters": 77_000_000},
        model_state={"metrics": {"connection_ratio": 0.55}, "active_parameters": 42_350_000},
        phase={"name": "hypergraph_patterns", "begins_at": 0.5, "description": "Learning hypergraph patterns"},
    )

    assert CURRICULUM == block_of(report, show)


def a_run(steps: int, *, first_step: int = 0) -> FactScript:
    """Returns a run up to its end, the steps before `first_step` done in an earlier session."""
    script = FactScript(total_steps=steps, steps_per_epoch=steps, first_step=first_step).open().begin().epoch_begin()
    for step in range(first_step + 1, steps + 1):
        script.add(facts.StepEnd, step, False, after=0.01)
    return script


@pytest.mark.parametrize(
    ("steps", "first_step", "reports"),
    [
        (20, 0, [f"{percent}%" for percent in range(5, 101, 5)]),
        (100_000, 0, [f"{percent}%" for percent in range(1, 101)]),
        (10_000, 3_700, [f"{percent}%" for percent in range(38, 101)]),
        (20, 7, [f"{percent}%" for percent in range(40, 101, 5)]),
    ],
    ids=["20 steps", "100,000 steps", "10,000 steps resumed at 37 %", "20 steps resumed at 35 %"],
)
def test_every_percent_is_reported_exactly_once(steps: int, first_step: int, reports: list[str], show: Show) -> None:
    """Each percent that a step completes has one block, in a short run, a long one, and after a resume."""
    unjudged: dict[str, Any] = dict.fromkeys(RULES, "off")
    entries = record(
        a_run(steps, first_step=first_step).facts, level="low", progress_percent=1, alerts=unjudged
    ).entries
    titles = [output.rows[1] for output in show(entries, "progress") if output.bare]

    assert reports == [title.split(": ")[1].split(" ")[0] for title in titles]


def test_user_state_stands_under_its_heading(header: Header, show: Show) -> None:
    """Numbers and texts of the user's own, named and formatted by their names."""
    report = ProgressReport(
        **header(),
        progress={"current_step": 1, "total_steps": 1, "progress_percent": 100.0},
        metrics={},
        timing={},
        model_state={"connection_ratio": 0.55, "neurons": 1200, "mood": "calm", "persona": {"warmth": 0.5}},
    )

    assert [
        "🧠 Model State:",
        "   • Connection Ratio: 55.0%",
        "   • Neurons: 1,200",
        "   • Mood: calm",
        "   • Persona: Warmth 0.5",
    ] == list(show([report], "progress")[0].rows[3:-1])


def test_phase_is_that_of_the_share_done(show: Show) -> None:
    """At half the run the second phase has begun, right before it not yet."""
    entries = record(a_run(4).facts, level="medium", phases=PHASES, progress_percent=25).entries
    told = [row for output in show(entries, "progress") for row in output.rows if "Phase" in row]

    assert ["Phase: basic_awareness - Learning to listen"] + 3 * [
        "Phase: hypergraph_patterns - Learning hypergraph patterns"
    ] == [row.removeprefix("   • ") for row in told]


def test_each_device_has_its_row(header: Header, show: Show) -> None:
    """With several GPUs each is named by its index."""
    devices = [{"index": index, "memory_used_gb": 8.0, "memory_total_gb": 80.0} for index in (0, 3)]
    report = ProgressReport(
        **header(), progress={}, metrics={}, timing={}, resource_usage={"gpu": {"devices": devices}}
    )

    rows = show([report], "progress")[0].rows
    assert "   • GPU 0 Memory: 8.00GB / 80.00GB" in rows
    assert "   • GPU 3 Memory: 8.00GB / 80.00GB" in rows


def test_without_a_gpu_the_process_has_its_row(show: Show) -> None:
    """On a CPU the process's own memory is told, out of the machine's."""
    script = FactScript(total_steps=1, steps_per_epoch=1).open().begin().epoch_begin()
    script.read("process", {"memory_rss_mb": 2048.0}).read("memory", {"total_gb": 16.0}).step()

    rows = show(record(script.facts, level="medium").entries, "progress")[-1].rows
    assert "   • Process Memory: 2.00GB / 16.00GB" in rows


def test_tokens_of_a_batch_are_the_mean_of_the_step(show: Show) -> None:
    """Two micro-batches of 100 and 50 real tokens make 75 to the batch."""
    script = FactScript(total_steps=1, steps_per_epoch=1).open().begin().epoch_begin()
    script.step(micro_steps=[{"real_tokens": 100, "padded_tokens": 100}, {"real_tokens": 50, "padded_tokens": 100}])

    rows = show(record(script.facts, level="medium").entries, "progress")[-1].rows
    assert "   • Tokens/batch: 75" in rows


def test_a_share_below_one_percent_is_told_as_it_is(show: Show) -> None:
    """Reports may come closer together than each percent."""
    entries = record(a_run(400).facts, level="medium", progress_percent=0.5).entries
    titles = [output.rows[1] for output in show(entries, "progress") if output.bare]

    assert 200 == len(titles)
    assert "🔄 TRAINING PROGRESS: 0.5% (2/400 iterations)" == titles[0]


def test_what_is_not_finite_says_so(show: Show) -> None:
    """A NaN of the Trainer or of the user's own is named, not dropped."""
    script = FactScript(total_steps=1, steps_per_epoch=1).open().begin().epoch_begin()
    script.step(loss=math.nan)
    end = next(place for place, fact in enumerate(script.facts) if isinstance(fact, facts.StepEnd))
    script.facts.insert(end, facts.ModelStateRead(script.facts[end].at, {"ratio": math.nan}))
    (report,) = record(script.facts, level="medium").of_type("progress_report")

    assert {"metrics.loss": "NaN", "model_state.ratio": "NaN"} == report.nonfinite
    rows = show([report], "progress")[0].rows
    assert "   • Loss: NaN" in rows
    assert "   • Ratio: NaN" in rows
