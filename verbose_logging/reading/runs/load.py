"""From a file or a folder to a run."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from verbose_logging.errors import LogError, did_you_mean
from verbose_logging.reading.files.blocks import OnPosition, unheard
from verbose_logging.reading.files.locate import find_run
from verbose_logging.reading.files.problems import Problem
from verbose_logging.reading.files.source import scan_of
from verbose_logging.reading.runs.collect import Events, StepTable
from verbose_logging.reading.runs.run import Run
from verbose_logging.reading.summary import PARTS, summary_of
from verbose_logging.reading.summary.runs import NewestRun


def load_run(path: str | Path, run_id: str | None = None, *, on_position: OnPosition = unheard) -> Run:
    """Returns a run out of a log, a run JSON, or the newest of them in a folder.

    A file is read once, tolerant of lines that are cut or broken; `Run.problems` names them. A run that was resumed is
    one run: what it did again after a checkpoint takes the place of what it did before.

    Args:
        path: A JSONL log, plain or gzip, a run JSON, or a folder.
        run_id: Which of several runs in a file; by default the newest that trained.
        on_position: Told now and then how many bytes have been read.

    Raises:
        LogError: There is no such file, nothing in it that can be used, or no such run in it.

    Example:
        >>> folder = getfixture("tmp_path")
        >>> from verbose_logging import TrainingLogger
        >>> with TrainingLogger(log_file=folder / "log.jsonl", console="off", output_dir=folder) as logger:
        ...     for step, loss in enumerate([3.0, 2.5], start=1):
        ...         logger.log_step(step, loss=loss)
        >>> run = load_run(folder)
        >>> run.steps["loss"], run.summary["outcome"]
        ([3.0, 2.5], 'complete')
    """
    file = find_run(path)
    scan = scan_of(file, on_position)
    newest = NewestRun((*PARTS, Events, StepTable), only=run_id)
    newest.follow(scan)
    parts = newest.parts()
    if not parts:
        run_ids = [name for name in newest.run_ids if name]
        raise LogError(_nothing_in(file, run_id, run_ids=run_ids, problems=scan.problems.kept))
    *rest, events, table = parts
    assert isinstance(events, Events)  # noqa: S101 - the order is the one given above
    assert isinstance(table, StepTable)  # noqa: S101
    summary = summary_of(rest, datetime.now().astimezone())
    return Run(
        path=file,
        run_id=summary.get("run_id"),
        header=events.header,
        steps=table.steps(file),
        evaluations=events.evaluations,
        checkpoints=events.checkpoints,
        alerts=events.alerts,
        summary=summary,
        problems=[*scan.problems.kept, *table.problems],
    )


def _nothing_in(file: Path, run_id: str | None, *, run_ids: list[str], problems: list[Problem]) -> str:
    if run_id is not None and run_ids:
        return f"{file}: no run {run_id!r} in it; {did_you_mean(run_id, run_ids)}"
    first = f"; line {problems[0].line}: {problems[0].what}" if problems else ""
    return f"{file}: no log entry in it{first}"
