"""`verbose-logging validate`: whether a log is what it should be."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from verbose_logging.cli.arguments import LogArgument
from verbose_logging.cli.output import new_console, print_json, safe
from verbose_logging.cli.progress import reading_progress
from verbose_logging.errors import LogError
from verbose_logging.formatting import counted
from verbose_logging.reading.files.locate import find_run
from verbose_logging.reading.files.source import is_log
from verbose_logging.reading.repair import repair_log
from verbose_logging.reading.validate import Finding, Gap, Report, validate_log

_FINDINGS_SHOWN = 20


def validate(
    file: LogArgument = None,
    *,
    repair: Annotated[bool, typer.Option("--repair", help="Write a repaired copy; the log stays as it is.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole report as JSON.")] = False,
) -> None:
    """Check that a log is strict JSON, satisfies the schema and misses no entry."""
    path = find_run(file)
    if not is_log(path):
        raise LogError(f"{path}: a run JSON, not a log; 'verbose-logging show {path}' reads it")
    (_repair if repair else _report)(path, as_json=as_json)


def _repair(path: Path, *, as_json: bool) -> None:
    with reading_progress([path]) as on_position:
        done = repair_log(path, on_position=on_position)
    if as_json:
        print_json(msgspec.to_builtins(done) | {"dropped": [problem._asdict() for problem in done.dropped]})
        return
    console = new_console()
    for problem in done.dropped[:_FINDINGS_SHOWN]:
        console.print(safe(f"dropped: {path}:{problem.line}: {problem.what}"), soft_wrap=True)
    if done.dropped_count > _FINDINGS_SHOWN:
        console.print(f"... {done.dropped_count - _FINDINGS_SHOWN} more; --json lists them")
    counts = f"{done.kept} lines kept, {done.mended} mended, {done.dropped_count} dropped"
    counts += f", {done.merged} from spill files" if done.merged else ""
    console.print(safe(f"repaired: {done.copy}, {counts}"), soft_wrap=True)


def _report(path: Path, *, as_json: bool) -> None:
    with reading_progress([path]) as on_position:
        report = validate_log(path, on_position=on_position)
    if as_json:
        print_json(msgspec.to_builtins(report) | {"is_valid": report.is_valid})
    else:
        _print(report, new_console())
    if not report.is_valid:
        raise LogError(f"{report.path}: {counted(report.finding_count, 'finding')}, {report.entries} good entries")


def _print(report: Report, console: Console) -> None:
    for finding in report.findings[:_FINDINGS_SHOWN]:
        console.print(safe(finding_text(report.path, finding)), soft_wrap=True)
    if report.finding_count > _FINDINGS_SHOWN:
        console.print(f"... {report.finding_count - _FINDINGS_SHOWN} more; --json lists them")
    for gap in report.gaps:
        console.print(safe(gap_text(report.path, gap)), soft_wrap=True)
    if report.is_valid:
        runs = counted(len(report.run_ids), "run")
        console.print(safe(f"valid: {report.path}, {report.entries} entries, {runs}"), soft_wrap=True)
        for name, count in report.types.items():
            console.print(safe(f"{count:>9}  {name}"))


def finding_text(path: str, finding: Finding) -> str:
    """Returns a finding as `FILE:LINE: KEY: what`, without the parts that do not apply.

    Example:
        >>> finding_text("run.jsonl", Finding(3, "missing", "seq"))
        'run.jsonl:3: seq: missing'
    """
    file = str(Path(path).with_name(finding.part)) if finding.part else path
    place = f"{file}:{finding.line}" if finding.line else file
    return ": ".join(part for part in (place, finding.key, finding.what) if part)


def gap_text(path: str, gap: Gap) -> str:
    """Returns how many entries are missing, and where.

    Example:
        >>> gap_text("run.jsonl", Gap("r1", 0, after=4, before=7))
        'run.jsonl: 2 entries missing before seq 7 of run r1'
    """
    many = "1 entry" if gap.missing == 1 else f"{gap.missing} entries"
    return f"{path}: {many} missing before seq {gap.before} of run {gap.run_id}"
