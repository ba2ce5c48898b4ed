"""`verbose-logging plot`: the curves of runs as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from verbose_logging.cli.arguments import RunsArgument
from verbose_logging.cli.output import new_console, print_json, safe
from verbose_logging.cli.progress import reading_progress
from verbose_logging.reading.files.locate import find_run
from verbose_logging.reading.plot import save_plot
from verbose_logging.reading.runs.load import load_run


def plot(
    runs: RunsArgument = None,
    *,
    output: Annotated[Path, typer.Option("-o", "--output", help="The picture: .png, .svg or .pdf.")] = Path("run.png"),
    as_json: Annotated[bool, typer.Option("--json", help="Print what was drawn and where as JSON.")] = False,
) -> None:
    """Draw loss, learning rate, gradient norm, step time, speed and memory; several runs over each other."""
    paths = [find_run(run) for run in runs] if runs else [find_run()]
    with reading_progress(paths) as on_position:
        loaded = [load_run(path, on_position=on_position) for path in paths]
        target = save_plot(loaded, output)
    if as_json:
        print_json({"picture": str(target), "runs": [str(run.path) for run in loaded]})
    else:
        new_console().print(safe(f"drawn: {target}"), soft_wrap=True)
