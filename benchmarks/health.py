"""Which sick trainings are found, how soon and by which name, and what is told of healthy ones.

Every run is a real small training, with the recorder at its defaults. A sick run counts as found when the first WARNING
or worse of the type in question has the right name within 50 steps of the onset (a leak: 25 s); a healthy one counts as
a false alarm when it has a WARNING or worse about training health. No limit of a rule was chosen by these runs.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import torch
import transformers
from datasets import disable_progress_bars
from rich.console import Console
from rich.table import Table

from benchmarks.trainings.healthy import HEALTHY
from benchmarks.trainings.sick import SICK, Sick
from benchmarks.trainings.tiny import Prepare
from verbose_logging import VerboseLoggingCallback, read_entries
from verbose_logging.rules import RULES

SEEDS = (0, 1, 2)
WITHIN_STEPS = 50
_SERIOUS = {"WARNING", "ERROR", "CRITICAL"}


class Run(NamedTuple):
    """What is known of a run.

    Args:
        findings: Those that began, in order, each with its `seconds` since training began.
        evaluations: Each evaluation's step and loss.
        seconds: Wall time.
    """

    findings: list[dict[str, Any]]
    evaluations: list[tuple[int, float]]
    seconds: float


def observe(prepare: Prepare, seed: int) -> Run:
    """Runs a training, in size seed modulo 3, and returns what the recorder said of it."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log.jsonl"
        callback = VerboseLoggingCallback("high", log_file=str(log), console="off", standard_log_file=None)
        trainer = prepare(Path(folder), seed, seed % 3, [callback])
        trainer.remove_callback(transformers.PrinterCallback)
        with contextlib.suppress(RuntimeError):  # a frozen model's
            trainer.train()
        callback.close()
        entries = list(read_entries(log))
    start = next(datetime.fromisoformat(entry["timestamp"]) for entry in entries if entry["type"] == "training_start")
    findings = [
        entry | {"seconds": (datetime.fromisoformat(entry["timestamp"]) - start).total_seconds()}
        for entry in entries
        if entry.get("state") == "firing"
    ]
    evaluated = [entry for entry in entries if entry["type"] == "evaluation_complete"]
    evaluations = [(entry["step"], entry["metrics"]["eval_loss"]) for entry in evaluated]
    return Run(findings, evaluations, time.monotonic() - began)


class Verdict(NamedTuple):
    """Whether a sick run was found.

    Args:
        name: What was told first, "-" for nothing.
        steps: Steps from the onset to it, `None` for nothing.
        is_right: Whether name and time are right.
    """

    name: str
    steps: int | None
    is_right: bool


def judge(sick: Sick, run: Run) -> Verdict:
    """Returns whether the first finding of the right type has a right name in time.

    Slow steps are passed over where they are not what is looked for: a shared machine really is slow now and then.
    """
    kinds = {RULES[name].kind for name in sick.names}  # type: ignore[attr-defined]
    passed_over = {"slow_steps"} - set(sick.names)
    serious = [
        found
        for found in run.findings
        if found["type"] in kinds and found["severity"] in _SERIOUS and found["rule"] not in passed_over
    ]
    if not serious:
        return Verdict("-", None, is_right=False)
    first = serious[0]
    steps = first["step"] - (sick.onset if sick.onset >= 0 else _turn(run))
    in_time = steps <= WITHIN_STEPS if sick.within_seconds is None else first["seconds"] <= sick.within_seconds
    return Verdict(first["rule"], steps, first["rule"] in sick.names and in_time)


def _turn(run: Run) -> int:
    """Returns the first evaluation after the best one: where overfitting can first be seen."""
    best = min(run.evaluations, key=lambda evaluation: evaluation[1])
    return next((step for step, _ in run.evaluations if step > best[0]), best[0])


def false_alarms(run: Run) -> list[str]:
    """Returns the WARNINGs and worse about training health."""
    serious = [found for found in run.findings if found["type"] == "training_health"]
    return [f"{found['rule']} at {found['step']}" for found in serious if found["severity"] in _SERIOUS]


def quiet() -> None:
    """Silences everything that is not a table."""
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    disable_progress_bars()
    torch.set_num_threads(1)
    os.environ["TOKENIZERS_PARALLELISM"] = "false"


def sick_table(kinds: Mapping[str, Sick]) -> tuple[Table, int, int]:
    """Runs every kind with every seed; returns the table, how many were found, and of how many."""
    table = Table("sick", "told first", "steps from onset", "found", title="Sick trainings")
    found = 0
    for kind, sick in kinds.items():
        verdicts = [judge(sick, observe(sick.prepare, seed)) for seed in SEEDS]
        right = sum(verdict.is_right for verdict in verdicts)
        found += right
        steps = ", ".join("-" if verdict.steps is None else str(verdict.steps) for verdict in verdicts)
        names = dict.fromkeys(verdict.name for verdict in verdicts)
        table.add_row(kind, ", ".join(names), steps, f"{right}/{len(SEEDS)}")
        print(f"{kind}: {verdicts}", file=sys.stderr)
    return table, found, len(kinds) * len(SEEDS)


def healthy_table(kinds: Mapping[str, Prepare]) -> tuple[Table, int]:
    """Runs every kind with every seed; returns the table and how many false alarms there were."""
    table = Table("healthy", "false alarms", "told besides", title="Healthy trainings")
    alarms = 0
    for kind, prepare in kinds.items():
        runs = [observe(prepare, seed) for seed in SEEDS]
        wrong = [alarm for run in runs for alarm in false_alarms(run)]
        alarms += len(wrong)
        besides = {found["rule"] for run in runs for found in run.findings} - {name.split()[0] for name in wrong}
        table.add_row(kind, ", ".join(wrong) or "none", ", ".join(sorted(besides)))
        print(f"{kind}: {wrong or 'none'}", file=sys.stderr)
    return table, alarms


def main() -> None:
    """Prints both tables and the sums."""
    quiet()
    console = Console()
    sick, found, runs = sick_table(SICK)
    healthy, alarms = healthy_table(HEALTHY)
    console.print(sick)
    console.print(healthy)
    console.print(f"found {found} of {runs} sick runs ({100 * found / runs:.0f}%), {alarms} false alarms")
    console.print(f"on {len(HEALTHY) * len(SEEDS)} healthy runs")


if __name__ == "__main__":
    main()
