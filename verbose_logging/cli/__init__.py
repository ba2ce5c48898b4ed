"""The command line: `verbose-logging VERB`. One file per verb, listed in `VERBS`.

Whatever is wrong with the input is said in one line on stderr. The exit status is 0 for success, 1 for input that
cannot be used or for output that nobody reads on (`| head`), 2 for wrong usage, settings or a missing package, and 130
after Ctrl-C.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from importlib import metadata
from typing import Annotated

import typer

from verbose_logging.cli.compare import compare
from verbose_logging.cli.demo import demo
from verbose_logging.cli.diagnose import diagnose
from verbose_logging.cli.export import export
from verbose_logging.cli.list_runs import list_runs
from verbose_logging.cli.plot import plot
from verbose_logging.cli.run import run
from verbose_logging.cli.schema import schema
from verbose_logging.cli.show import show
from verbose_logging.cli.train import train
from verbose_logging.cli.validate import validate
from verbose_logging.cli.watch import watch
from verbose_logging.errors import ConfigError, LogError, VerboseLoggingError
from verbose_logging.printable import printable

PROGRAM = "verbose-logging"
VERBS: dict[str, Callable[..., None]] = {
    "demo": demo,
    "train": train,
    "run": run,
    "list": list_runs,
    "show": show,
    "compare": compare,
    "plot": plot,
    "export": export,
    "watch": watch,
    "diagnose": diagnose,
    "validate": validate,
    "schema": schema,
}
_ANY_HELP = {"help_option_names": ["-h", "--help"]}
_PASSING_ON = {"allow_interspersed_args": False, "ignore_unknown_options": True}
# typer carries a click of its own or shares the installed one: this is the right class either way
_UsageError: type[Exception] = typer.BadParameter.__bases__[0]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a verb and returns the exit status.

    Args:
        arguments: What follows the program's name; `None` for those of the process.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        status = _run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        _forget_stdout()
        return 1
    return status


def _run(arguments: Sequence[str] | None) -> int:
    command = typer.main.get_command(build_app())
    given = None if arguments is None else list(arguments)
    try:
        return int(command.main(args=given, prog_name=PROGRAM, standalone_mode=False) or 0)
    except LogError as error:
        return _refuse(str(error), status=1)
    except ConfigError as error:
        return _refuse(*error.problems, status=2)
    except VerboseLoggingError as error:
        return _refuse(str(error), status=2)
    except _UsageError as error:
        return _refuse(_usage_text(error), status=2)
    except (typer.Abort, KeyboardInterrupt):
        return _refuse("interrupted", status=130)


def build_app() -> typer.Typer:
    """Returns the command line with every verb of the table."""
    told = "The flight recorder for Hugging Face training."
    app = typer.Typer(add_completion=False, context_settings=_ANY_HELP, help=told)
    app.callback(invoke_without_command=True)(_without_verb)
    for name, verb in VERBS.items():
        app.command(name, context_settings=_PASSING_ON if name == "run" else None)(verb)
    return app


def _without_verb(
    context: typer.Context,
    *,
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    if version:
        typer.echo(f"{PROGRAM} {metadata.version(PROGRAM)}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def _usage_text(error: Exception) -> str:
    """Returns the refusal of the arguments, with the help to ask for."""
    message = getattr(error, "format_message", lambda: str(error))()
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else PROGRAM
    return f"{message.rstrip('.')}; try '{path} --help'"


def _refuse(*texts: str, status: int) -> int:
    for text in texts:
        sys.stderr.write(f"error: {printable(text)}\n")
    return status


def _forget_stdout() -> None:
    """Keeps the interpreter from writing to the closed pipe when it flushes at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
