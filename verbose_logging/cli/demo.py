"""`verbose-logging demo`: a real fine-tune, recorded, in about a minute."""

from __future__ import annotations

import logging
import shlex
from pathlib import Path
from typing import Annotated

import typer

from verbose_logging.cli.output import new_console, safe
from verbose_logging.cli.summary_rows import evaluation, loss, step_time
from verbose_logging.cli.summary_view import next_steps
from verbose_logging.cli.train import require_training_packages
from verbose_logging.errors import SettingsError
from verbose_logging.formatting import byte_size
from verbose_logging.levels import level_named
from verbose_logging.reading.reader import LogReader
from verbose_logging.reading.summary import summarize

LOG_NAME = "verbose_training_logs.jsonl"


def demo(
    *,
    steps: Annotated[int, typer.Option(min=1, help="Optimizer steps.")] = 200,
    level: Annotated[str, typer.Option(help="How much is recorded: low, medium, high or ultra.")] = "high",
    output_dir: Annotated[Path, typer.Option(help="Where the log and the checkpoints go.")] = Path("demo-run"),
) -> None:
    """Fine-tune a small model on The Devil's Dictionary with the recorder on."""
    level_named(level)
    require_training_packages("the demo")
    _make_folder(output_dir)
    console = new_console()
    log = output_dir / LOG_NAME
    console.print(
        f"A Qwen2 of 0.25 M parameters learns The Devil's Dictionary with TRL's SFTTrainer: {steps} steps, "
        f"about a minute for 200 on two cores.\nRecorded at level {level} to {log}; loading torch first.",
        soft_wrap=True,
    )
    _train(steps=steps, level=level, log=log)
    for line in _closing_lines(log):
        console.print(safe(line), soft_wrap=True)


def _train(*, steps: int, level: str, log: Path) -> None:
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)  # it misses a kernel that no full-precision model needs
    from verbose_logging.demo import demo_config
    from verbose_logging.training.train import quiet_progress_bars, train_with_config

    quiet_progress_bars()
    train_with_config(demo_config(steps=steps, level=level, log=log))


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"--output-dir: {folder}: {error.strerror}") from error


def _closing_lines(log: Path) -> list[str]:
    """Returns how it went, what was written and what to look at."""
    summary = summarize(LogReader(log))
    figures = {"loss": loss(summary), "evaluations": evaluation(summary), "step time": step_time(summary)}
    return [
        "",
        f"Training {summary['verdict']}",
        *(f"  {label}: {text}" for label, text in figures.items() if text),
        "",
        "Written:",
        *(f"  {_size(path):>9}  {path}" for path in sorted(log.parent.iterdir())),
        "",
        "Look at it:",
        f"  verbose-logging show {shlex.quote(str(log))}",
        *(f"  {command}" for _, command in next_steps(log)),
    ]


def _size(path: Path) -> str:
    """Returns the size of a file, or of everything in a folder."""
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return byte_size(sum(file.stat().st_size for file in files))
