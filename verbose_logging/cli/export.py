"""`verbose-logging export`: a run in other people's forms."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from verbose_logging.cli.arguments import RunArgument
from verbose_logging.cli.output import new_console, print_json, safe
from verbose_logging.cli.progress import reading_progress
from verbose_logging.errors import LogError, SettingsError, did_you_mean
from verbose_logging.reading.files.locate import find_run
from verbose_logging.reading.runs.load import load_run
from verbose_logging.reading.runs.run import Run

# name: the module and the function that write it, loaded when they are asked for
FORMS = {
    "csv": ("reading.tables", "to_csv"),
    "markdown": ("reading.tables", "to_markdown"),
    "parquet": ("reading.tables", "to_parquet"),
    "json": ("export_through_sinks", "to_json"),
    "tensorboard": ("export_through_sinks", "to_tensorboard"),
    "wandb": ("export_through_sinks", "to_wandb"),
}


def export(
    run: RunArgument = None,
    *,
    to: Annotated[str, typer.Option(help=f"One of: {', '.join(FORMS)}.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The file; a folder for tensorboard and wandb.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print what was written and where as JSON.")] = False,
) -> None:
    """Write a run as a table, as a run JSON, or for TensorBoard or W&B (offline)."""
    write = _writer(to)
    path = find_run(run)
    with reading_progress([path]) as on_position:
        loaded = load_run(path, on_position=on_position)
    if output.exists() and output.samefile(loaded.path):
        raise SettingsError(f"--output: {output} is the run itself")
    try:
        write(loaded, output)
    except OSError as error:
        raise LogError(f"{error.filename or output}: {error.strerror or error}") from error
    if as_json:
        print_json({"written": str(output), "form": to, "steps": len(loaded.steps), "run": str(loaded.path)})
    else:
        new_console().print(safe(f"written: {output}, {len(loaded.steps):,} steps as {to}"), soft_wrap=True)


def _writer(form: str) -> Callable[[Run, Path], None]:
    if form not in FORMS:
        raise SettingsError(f"--to: no form {form!r}; {did_you_mean(form, FORMS)}")
    module, name = FORMS[form]
    writer: Callable[[Run, Path], None] = getattr(import_module(f"verbose_logging.{module}"), name)
    return writer
