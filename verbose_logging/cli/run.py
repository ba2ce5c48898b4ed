"""`verbose-logging run`: any script or command, with the recorder in every Trainer of it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from verbose_logging.errors import SettingsError
from verbose_logging.levels import level_named
from verbose_logging.settings import Settings

BOOTSTRAP = Path(__file__).parent.parent / "bootstrap"


def run(
    script: Annotated[
        str, typer.Argument(metavar="SCRIPT", help="A Python script, or a command such as trl, accelerate or torchrun.")
    ],
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="ARGUMENTS", help="What follows goes to the script.")
    ] = None,
    *,
    level: Annotated[str | None, typer.Option(help="How much is recorded: low, medium, high or ultra.")] = None,
    log_file: Annotated[str | None, typer.Option(help="The log.")] = None,
) -> None:
    """Run a training script as it is, with the recorder in every Trainer of it."""
    command = command_line(script, arguments or [])
    environment = recording_environment(os.environ, level=level, log_file=log_file)
    sys.stdout.flush()
    os.execve(command[0], command, environment)  # noqa: S606 - the script takes this process's place, signals and all


def command_line(script: str, arguments: Sequence[str]) -> list[str]:
    """Returns what to execute: a file by this interpreter, anything else as the command of that name.

    Commands beside this interpreter come first, since an environment may be used without being activated.

    Raises:
        SettingsError: There is neither.
    """
    if script == "-m" or Path(script).exists():
        return [sys.executable, script, *arguments]
    beside, elsewhere = str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)
    program = shutil.which(script, path=os.pathsep.join([beside, elsewhere]))
    if program is None:
        raise SettingsError(f"{script}: no such script or command")
    return [program, *arguments]


def recording_environment(environ: Mapping[str, str], *, level: str | None, log_file: str | None) -> dict[str, str]:
    """Returns an environment in which every Trainer is recorded.

    Raises:
        SettingsError: The level is none.

    Example:
        >>> recording_environment({}, level="low", log_file=None)["VERBOSE_LOGGING_LEVEL"]
        'low'
    """
    if level is not None:
        level_named(level)
    chosen = {"VERBOSE_LOGGING_LEVEL": level, "VERBOSE_LOGGING_FILE": log_file}
    path = os.pathsep.join([str(BOOTSTRAP), *filter(None, [environ.get("PYTHONPATH")])])
    environment = {**environ, **{name: value for name, value in chosen.items() if value}, "PYTHONPATH": path}
    Settings.from_options().with_environment(environment)  # a wrong level is told here, not in the middle of the script
    return environment
