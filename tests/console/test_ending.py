"""Findings, and how a run ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from verbose_logging import facts
from verbose_logging.console.output import Output
from verbose_logging.entries import ResourceWarning as MemoryFinding
from verbose_logging.entries import TrainingHealth
from verbose_logging.testing import FactScript, record

Header = Callable[..., dict[str, Any]]
Show = Callable[..., list[Output]]


def a_run() -> FactScript:
    """Returns a run of two steps, an evaluation and a checkpoint, up to its end."""
    script = FactScript(total_steps=2, steps_per_epoch=2).open()
    script.add(
        facts.TrainingInspected,
        {"output_dir": "out"},
        {},
        {},
        {"log_file": "my logs/run.jsonl", "standard_log_file": "training_logs.jsonl", "save_log_to_json": True},
        {},
    )
    script.begin().epoch_begin().read("process", {"memory_rss_mb": 912.0})
    return script.step(loss=2.0).step(loss=1.0).evaluate(eval_loss=1.25).save(path="out/checkpoint-2").epoch_end()


def end_of(script: FactScript, show: Show) -> Output:
    """Returns the last output of a run."""
    return show(record(script.facts).entries, "milestones")[-1]


def test_a_complete_run_tells_its_figures(show: Show) -> None:
    """Verdict, findings, statistics, time, peaks, files and the command to look closer, in this order."""
    output = end_of(a_run().end(), show)

    assert "bold green" == output.style
    assert [
        "🏁 Training complete: 2 steps in 4 s, loss 1.0000",
        "   No findings.",
        "📊 Statistics:",
        "   steps            2 of 2",
        "   loss             1.0000, smoothed 1.4737, best 1.0000",
        "   evaluation loss  1.2500, best 1.2500",
        "   step time        mean 950 ms, median 950 ms, 95 % within 1 s",
        "   throughput       1.05 steps/s",
        "   evaluations      1",
        "   checkpoints      1",
        "⏱️ Time:",
        "   forward backward  1.40 s   35.0%",
        "   evaluation        1.00 s   25.0%",
        "   checkpoint        1.00 s   25.0%",
        "   optimizer         0.40 s   10.0%",
        "   data wait         0.10 s    2.5%",
        "   startup           0.10 s    2.5%",
        "   total             4.00 s  100.0%",
        "📈 Peaks:",
        "   process memory  912 MB",
        "📁 Files:",
        "   log              my logs/run.jsonl",
        "   short log        my logs/training_logs.jsonl",
        "   run file         out/run_*.json",
        "   last checkpoint  out/checkpoint-2",
        "🔎 Look closer: verbose-logging show 'my logs/run.jsonl'",
    ] == list(output.rows)


def test_a_failed_run_tells_why(show: Show) -> None:
    """The verdict names the exception; below stand the place in the user's own code and the innermost one."""
    traceback = """Traceback (most recent call last):
  File "/home/me/train.py", line 7, in <module>
    trainer.train()
  File "/home/me/data.py", line 3, in collate
    return torch.stack(rows)
  File "/usr/lib/site-packages/torch/functional.py", line 9, in stack
    raise error
OutOfMemoryError: CUDA out of memory.
"""
    exception = {"type": "OutOfMemoryError", "message": "CUDA out of memory.\nTried", "traceback": traceback}
    output = end_of(a_run().add(facts.RunBroken, "failed", exception, None), show)

    assert ("ERROR", "bold red") == (output.severity, output.style)
    assert output.rows[0].endswith("OutOfMemoryError: CUDA out of memory.")
    at = output.rows.index("❌ Raised at:")
    assert (
        '   File "/home/me/data.py", line 3, in collate',
        '   File "/usr/lib/site-packages/torch/functional.py", line 9, in stack',
    ) == output.rows[at + 1 : at + 3]


def test_several_evaluation_sets_are_told_apart(show: Show) -> None:
    """Each set's losses carry its name, and the sets are apart by more than a comma."""
    script = a_run().evaluate(eval_easy_loss=1.0).evaluate(eval_hard_loss=2.0)
    (row,) = [row for row in end_of(script.end(), show).rows if "evaluation loss" in row]

    assert row.endswith("eval_easy_loss 1.0000, best 1.0000; eval_hard_loss 2.0000, best 2.0000")


def test_findings_are_named_with_their_first_step(header: Header, show: Show) -> None:
    """A rule that fired stands in the verdict once, however often it did."""
    found = [
        MemoryFinding(**header(step=step), rule="high_memory", severity="WARNING", state="firing") for step in (3, 9)
    ]
    output = show([*found, record(a_run().end().facts).entries[-1]], "milestones")[-1]

    assert "   1 finding: high_memory (step 3)" == output.rows[1]
    assert "bold green" == output.style


def test_a_complete_run_that_was_sick_is_not_green(header: Header, show: Show) -> None:
    """A run that ended by itself after its loss was NaN is told in yellow."""
    found = TrainingHealth(**header(), rule="nonfinite_loss", severity="CRITICAL", state="firing")

    assert "bold yellow" == show([found, record(a_run().end().facts).entries[-1]], "milestones")[-1].style


def test_a_finding_says_what_why_and_what_to_try(header: Header, show: Show) -> None:
    """Three rows, in the colour of its severity; over, it is one green row."""
    finding = MemoryFinding(
        **header(level="WARNING", message="⚠️ Memory is at 93.5 %"),
        rule="high_memory",
        severity="WARNING",
        state="firing",
        evidence={"usage_percent": 93.5, "limit_percent": 90},
        suggestion="use a smaller batch",
    )
    over = MemoryFinding(
        **header(message="✅ Resolved: high_memory no longer holds"),
        rule="high_memory",
        severity="WARNING",
        state="resolved",
        evidence={"usage_percent": 50.0},
    )
    firing, resolved = show([finding, over], "milestones")

    assert (
        "⚠️ Memory is at 93.5 %",
        "   why: usage 93.5%, limit 90.0%",
        "   try: use a smaller batch",
    ) == firing.rows
    assert ("WARNING", "yellow") == (firing.severity, firing.style)
    assert (("✅ Resolved: high_memory no longer holds",), "green") == (resolved.rows, resolved.style)


@pytest.mark.parametrize("form", ["steps", "progress", "table", "milestones"])
def test_every_form_ends_alike(form: str, show: Show) -> None:
    """The end is the same whatever was shown before."""
    entries = record(a_run().end().facts).entries

    assert show(entries, "milestones")[-1] == show(entries, form)[-1]
