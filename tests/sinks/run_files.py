"""Run files, and the runs that they are of."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from verbose_logging.entries import Entry
from verbose_logging.sinks.run_file import RunFileSink
from verbose_logging.testing import FactScript, record


def run_file(site: Any, folder: Path, run_name: str | None = None, every_steps: int = 100) -> RunFileSink:
    """Returns the sink under test."""
    return RunFileSink(folder, run_name=run_name, every_steps=every_steps, clock=site.clock, fallback=site.fallback)


def begun(first_step: int = 0, total_steps: int = 4) -> FactScript:
    """Returns a run that has just begun."""
    script = FactScript(total_steps=total_steps, steps_per_epoch=total_steps, first_step=first_step)
    return script.open().begin().epoch_begin()


def entries_of(script: FactScript, **options: Any) -> list[Entry]:
    """Returns the entries that the recorder makes of a run."""
    return record(script.facts, **options).entries


def whole_run() -> FactScript:
    """Returns a run of four steps with two evaluations and a checkpoint."""
    script = begun().step(loss=4.0, gradient_norm=2.0).step(loss=3.0).evaluate(eval_loss=3.5).save()
    return script.step(loss=2.0).step(loss=2.5).evaluate(eval_loss=3.25).end()


def document(folder: Path) -> dict[str, Any]:
    """Returns what stands in the only run file of a folder."""
    (path,) = folder.glob("*.json")
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"), parse_constant=pytest.fail)
    return loaded


def save(sink: RunFileSink, entries: Iterable[Entry]) -> None:
    """Writes a run to its end."""
    sink.write(list(entries))
    sink.close()
