"""`verbose-logging diagnose`: what is wrong with a run, why, and what to try."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.markdown import Markdown
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from verbose_logging.cli.arguments import LogArgument
from verbose_logging.cli.output import new_console, print_json, safe
from verbose_logging.cli.summary_view import SEVERITY_STYLES
from verbose_logging.console.values import label, text_of
from verbose_logging.formatting import counted
from verbose_logging.reading.diagnose import Diagnosis, HealthFinding, examine
from verbose_logging.reading.explanations import explain

_STYLES = {"INFO": "cyan", **SEVERITY_STYLES}
_NOT_SHOWN = {"step", "entries", "phases", "stack"}


def diagnose(
    run: LogArgument = None,
    *,
    explained: Annotated[
        str | None, typer.Option("--explain", metavar="NAME", help="Explain a finding or a metric by its name.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Diagnose a run: what is wrong with it, why, and what to try."""
    console = new_console()
    if explained is not None:
        text = explain(explained)
        console.print(Markdown(text) if console.is_terminal else text, soft_wrap=not console.is_terminal)
        return
    diagnosis = examine(run if run is not None else Path())
    if as_json:
        print_json(msgspec.to_builtins(diagnosis))
        return
    for block in _blocks(diagnosis):
        console.print(block)


def _blocks(diagnosis: Diagnosis) -> Iterator[Text | Padding]:
    steps = counted(diagnosis.steps, "step")
    if not diagnosis.findings:
        yield _nothing_found(diagnosis)
        return
    found = counted(len(diagnosis.findings), "finding")
    yield safe(f"{found} in {steps} of {diagnosis.path}", "bold")
    for finding in diagnosis.findings:
        yield safe("")
        yield _heading(finding)
        yield Padding(_body(finding), (0, 0, 0, 2))
    yield safe("")
    yield safe(f"more about one of them: verbose-logging diagnose --explain {diagnosis.findings[0].rule}")


def _nothing_found(diagnosis: Diagnosis) -> Text:
    if diagnosis.steps:
        steps = counted(diagnosis.steps, "step")
        return safe(f"healthy: nothing was found in {steps} of {diagnosis.path}", "bold green")
    return safe(f"nothing was found while {diagnosis.path} was written; it has no steps to judge again")


def _heading(finding: HealthFinding) -> Text:
    times = (
        f"{finding.times} times from step {finding.first_step}" if finding.times > 1 else f"step {finding.first_step}"
    )
    until = f", over at step {finding.last_step}" if finding.state == "resolved" else ", still so at the end"
    return Text.assemble(
        safe(f"{finding.severity} {finding.rule}", _STYLES.get(finding.severity, "")), safe(f"  {times}{until}", "dim")
    )


def _body(finding: HealthFinding) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column()
    table.add_row("what", safe(finding.verdict))
    evidence = {name: value for name, value in finding.evidence.items() if name not in _NOT_SHOWN}
    if evidence:
        table.add_row(
            "why", safe(", ".join(f"{label(name).lower()} {text_of(name, value)}" for name, value in evidence.items()))
        )
    if finding.suggestion:
        table.add_row("try", safe(finding.suggestion))
    return table
