"""Every verb of the command line with its arguments, from the command line itself."""

from __future__ import annotations

from typing import Any

import typer

from tools.reference.markdown import table
from verbose_logging.cli import PROGRAM, VERBS, build_app


def commands() -> str:
    """Returns a section per verb."""
    verbs: dict[str, Any] = typer.main.get_command(build_app()).commands  # type: ignore[attr-defined]
    return "\n\n".join(_section(name, verbs[name]) for name in VERBS)


def _section(name: str, verb: Any) -> str:
    context = verb.make_context(name, [], resilient_parsing=True)
    usage = " ".join(verb.collect_usage_pieces(context))
    rows = [_row(parameter) for parameter in verb.params]
    parts = [f"## {name}", " ".join((verb.help or "").split()), f"```\n{PROGRAM} {name} {usage}\n```"]
    return "\n\n".join([*parts, table(("argument", "what it does"), rows)] if rows else parts)


def _row(parameter: Any) -> tuple[str, str]:
    is_option = parameter.param_type_name == "option"
    name = parameter.metavar or parameter.name.upper()
    names = [_with_value(option, parameter.metavar) for option in parameter.opts] if is_option else [name]
    return ", ".join(f"`{name}`" for name in names), f"{parameter.help or ''}{_needed_or_default(parameter)}"


def _with_value(option: str, metavar: str | None) -> str:
    return f"{option} {metavar}" if metavar else option


def _needed_or_default(parameter: Any) -> str:
    """Returns what comes of leaving an option out, where that is not plain."""
    if parameter.param_type_name != "option" or getattr(parameter, "is_flag", False):
        return ""
    if parameter.required:
        return " Needed."
    return "" if parameter.default is None else f" Default: `{parameter.default}`."
