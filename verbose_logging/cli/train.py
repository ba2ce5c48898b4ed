"""`verbose-logging train`: fine-tuning as a config file says."""

from __future__ import annotations

import shlex
import sys
from contextlib import nullcontext, redirect_stdout
from importlib import util
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from verbose_logging.cli.output import new_console, print_json, safe
from verbose_logging.config_file import read_config_file
from verbose_logging.errors import MissingExtraError
from verbose_logging.formatting import fixed

if TYPE_CHECKING:
    from verbose_logging.training import TrainingResult

_PACKAGES = ("torch", "datasets", "peft", "tokenizers", "transformers", "trl")


def train(
    config: Annotated[Path, typer.Argument(help="A YAML or JSON file.")],
    *,
    assignments: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A value in place of the config's.")
    ] = None,
    session_id: Annotated[str | None, typer.Option(help="Puts the logs below training_sessions/ID/logs.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
) -> None:
    """Fine-tune a model as a config file says."""
    given = read_config_file(config).with_assignments(assignments or [])
    require_training_packages("training")
    from verbose_logging.training import quiet_progress_bars, train_with_config

    quiet_progress_bars()
    with redirect_stdout(sys.stderr) if as_json else nullcontext():  # stdout is for the JSON alone
        result = train_with_config(given, session_id=session_id)
    if as_json:
        print_json(_plain(result))
        return
    console = new_console()
    for line in _closing_lines(result):
        console.print(safe(line), soft_wrap=True)


def require_training_packages(feature: str) -> None:
    """Makes sure that what trains is installed, without loading it.

    Raises:
        MissingExtraError: Something is not.
    """
    if any(util.find_spec(name) is None for name in _PACKAGES):
        raise MissingExtraError(feature, "train")


def _plain(result: TrainingResult) -> dict[str, Any]:
    paths = {"output_dir": result.output_dir, "model_path": result.model_path, "log_file": result.log_file}
    plain = {name: None if path is None else str(path) for name, path in paths.items()}
    return {**plain, "steps": result.steps, "metrics": result.metrics, "summary": result.summary}


def _closing_lines(result: TrainingResult) -> list[str]:
    """Returns how it went and what to look at."""
    lines = [
        "",
        f"Trained {result.steps} steps, mean loss {fixed(result.metrics.get('train_loss'))}.",
        f"  model  {result.model_path}",
    ]
    if result.log_file is None:
        return [*lines, "Not recorded: use_verbose_logging is not true."]
    return [*lines, f"  log    {result.log_file}", f"  verbose-logging show {shlex.quote(str(result.log_file))}"]
