"""`verbose-logging train`: fine-tuning as a config file says."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import nullcontext, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from verbose_logging.cli.output import new_console, print_json, safe
from verbose_logging.cli.plan_view import plan_lines
from verbose_logging.errors import MissingExtraError, is_installed
from verbose_logging.formatting import counted, fixed
from verbose_logging.options.config_file import read_config_file

if TYPE_CHECKING:
    from verbose_logging.training.plan import Plan
    from verbose_logging.training.preparation import Preparation
    from verbose_logging.training.train import TrainingResult

_PACKAGES = ("torch", "datasets", "peft", "tokenizers", "transformers", "trl")


def train(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="A YAML or JSON file.")],
    *,
    assignments: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A value in place of the config's.")
    ] = None,
    session_id: Annotated[str | None, typer.Option(help="Puts the logs below training_sessions/ID/logs.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
) -> None:
    """Fine-tune a model as a config file says."""
    given = read_config_file(config).with_assignments(assignments or [])
    require_training_packages("training")
    console = new_console()
    with redirect_stdout(sys.stderr) if as_json else nullcontext():  # stdout is for the JSON alone
        from verbose_logging.training import train as training  # its libraries may print while they load

        if not sys.stderr.isatty():
            training.quiet_progress_bars()
        prepared = training.prepared_training(given, session_id=session_id)
        plan = _plan(prepared)
        _print_lines(console, ["Would train:" if dry_run else "Trains:", *plan_lines(plan, prepared)])
        result = None if dry_run else training.train(prepared)
        if result is not None:
            _print_lines(console, _closing_lines(result))
    if as_json:
        print_json(_plain_plan(plan) if result is None else _plain_result(result))


def _plan(prepared: Preparation) -> Plan:
    from verbose_logging.training.plan import plan

    return plan(prepared)


def _print_lines(console: Console, lines: Sequence[str]) -> None:
    if os.environ.get("RANK", "0") != "0":  # one process speaks for all
        return
    for line in lines:
        console.print(safe(line), soft_wrap=True)


def require_training_packages(feature: str) -> None:
    """Makes sure that what trains is installed, without loading it.

    Raises:
        MissingExtraError: Something is not.
    """
    if not all(is_installed(name) for name in _PACKAGES):
        raise MissingExtraError(feature, "train")


def _plain_plan(plan: Plan) -> dict[str, Any]:
    return {**plan._asdict(), "memory": {**plan.memory._asdict(), "total": plan.memory.total}}


def _plain_result(result: TrainingResult) -> dict[str, Any]:
    paths = {"output_dir": result.output_dir, "model_path": result.model_path, "log_file": result.log_file}
    paths["run_file"] = result.run_file
    plain = {name: None if path is None else str(path) for name, path in paths.items()}
    return {**plain, "steps": result.steps, "metrics": result.metrics, "summary": result.summary}


def _closing_lines(result: TrainingResult) -> list[str]:
    """Returns how it went and what it left."""
    rows = {"model": result.model_path, "run file": result.run_file, "log": result.log_file}
    return [
        "",
        f"Trained {counted(result.steps, 'step')}, mean loss {fixed(result.metrics.get('train_loss'))}.",
        *(f"  {label:<8}  {from_here(path)}" for label, path in rows.items() if path is not None),
        *(["  Not recorded."] if result.log_file is None else []),
    ]


def from_here(path: Path) -> str:
    """Returns a path as it is named from the working directory, if it lies below it.

    Example:
        >>> from_here(Path.cwd() / "results" / "final"), from_here(Path("/elsewhere"))
        ('results/final', '/elsewhere')
    """
    absolute = path.absolute()
    return str(absolute.relative_to(Path.cwd()) if absolute.is_relative_to(Path.cwd()) else absolute)
