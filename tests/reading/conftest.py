"""A log written by hand: entries of the real types, one second apart."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from verbose_logging import entries

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)


class LogBuilder:
    """Writes the lines of one run.

    Args:
        run_id: Names the run.
    """

    def __init__(self, run_id: str = "run-1") -> None:
        self.run_id = run_id
        self.lines: list[bytes] = []

    def add(self, kind: type[entries.EntryBase], *, step: int = 0, **fields: Any) -> LogBuilder:
        """Adds an entry of that type."""
        seq = len(self.lines) + 1
        header = {
            "timestamp": (START + timedelta(seconds=seq - 1)).isoformat(timespec="microseconds"),
            "level": "INFO",
            "message": f"entry {seq}",
            "run_id": self.run_id,
            "seq": seq,
            "rank": 0,
            "step": step,
            "epoch": 1,
        }
        self.lines.append(entries.encode_entry(kind(**header | fields)) + b"\n")
        return self

    def begin(self, total_steps: int = 4) -> LogBuilder:
        """Adds what stands before the first step."""
        self.add(entries.SystemInitialization, schema_version=1, system_info={"cpu": {"logical_count": 2}})
        self.add(
            entries.TrainingInitialization,
            training_args={"output_dir": "out"},
            model_info={"name": "TinyLM", "total_parameters": 1000, "trainable_parameters": 250, "config": {"a": 1}},
            dataset_info={"train": {"type": "Dataset", "size": 32}, "eval": {"type": "Dataset", "size": 8}},
            settings={"verbosity_level": "high"},
            metric_sources={},
        )
        return self.add(entries.TrainingStart, attempt=1, total_steps=total_steps, total_epochs=1)

    def step(self, number: int, loss: float | None, seconds: float = 0.5, **fields: Any) -> LogBuilder:
        """Adds a finished step."""
        return self.add(
            entries.TrainingStepComplete,
            step=number,
            timing={"step_time_seconds": seconds, "eta_minutes": 2.0},
            metrics={"loss": loss, "learning_rate": 1e-3},
            progress={"current_step": number},
            **fields,
        )

    def complete(self, step: int, **fields: Any) -> LogBuilder:
        """Adds the end of a run that finished."""
        ledger = {"forward_backward_seconds": 3.0, "other_seconds": 1.0, "total_seconds": 4.0}
        return self.add(
            entries.TrainingComplete,
            step=step,
            statistics={"avg_step_time_seconds": 0.6, "median_step_time_seconds": 0.4},
            time_ledger=ledger,
            peaks={"memory_usage_peak": 68.2},
            **fields,
        )

    def content(self) -> bytes:
        """Returns the file's content."""
        return b"".join(self.lines)

    def write(self, path: Path) -> Path:
        """Writes the file and returns its path."""
        path.write_bytes(self.content())
        return path


@pytest.fixture
def new_log() -> Callable[..., LogBuilder]:
    """Starts a log."""
    return LogBuilder


@pytest.fixture
def full_run() -> LogBuilder:
    """A run of four steps with an evaluation, a checkpoint, an alert and an end."""
    log = LogBuilder().begin()
    log.step(1, 8.0, 0.8).step(2, 6.0, 0.4)
    log.add(entries.EvaluationComplete, step=2, metrics={"eval_loss": 6.5, "eval_runtime": 0.3}, duration_seconds=0.3)
    log.add(entries.ModelCheckpointSave, step=2, path="out/checkpoint-2", size_mb=1.5)
    finding = {"rule": "high_memory", "severity": "WARNING", "suggestion": "use less"}
    log.add(entries.ResourceWarning, step=2, state="firing", **finding)
    log.step(3, 5.0, 0.4)
    log.add(entries.ResourceWarning, step=3, state="resolved", **finding)
    return log.step(4, 5.5, 0.4).complete(4)
