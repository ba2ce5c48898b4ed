"""How a run ended: the verdict, its figures, where the time went, peaks, files, and where to look closer."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from pathlib import PurePath
from typing import ClassVar

from verbose_logging.console.output import Output, told
from verbose_logging.console.run_view import RunView
from verbose_logging.console.statistics import statistics
from verbose_logging.entries import EndBase, EntryBase, TrainingComplete, TrainingFailed
from verbose_logging.formatting import counted, ledger_rows, peak

_PLACE = '  File "'
_INSTALLED = "site-packages"


class Ending:
    """The last output of a run."""

    paced: ClassVar[bool] = False

    def outputs(self, entry: EntryBase, run: RunView) -> Iterator[Output]:
        """Yields the end."""
        if isinstance(entry, EndBase):
            yield told(entry, entry.message, *_findings(run), *_sections(entry, run), style=_style(entry, run))


def _style(entry: EndBase, run: RunView) -> str:
    """Returns green for a run that ended by itself and had nothing worse than a warning."""
    if isinstance(entry, TrainingFailed):
        return "bold red"
    is_sick = any(finding.severity in {"ERROR", "CRITICAL"} for finding in run.findings.values())
    return "bold green" if isinstance(entry, TrainingComplete) and not is_sick else "bold yellow"


def _findings(run: RunView) -> Iterator[str]:
    if not run.findings:
        yield "   No findings."
        return
    names = ", ".join(f"{rule} (step {finding.step})" for rule, finding in run.findings.items())
    yield f"   {counted(len(run.findings), 'finding')}: {names}"


def _sections(entry: EndBase, run: RunView) -> Iterator[str]:
    peaks = [(name.removesuffix("_peak").replace("_", " "), peak(name, value)) for name, value in _peaks(entry)]
    sections = {
        "❌ Raised at:": list(_raised_at(entry)),
        "📊 Statistics:": list(_columns(statistics(entry))),
        "⏱️ Time:": list(_columns(ledger_rows(entry.time_ledger))),
        "📈 Peaks:": list(_columns(peaks)),
        "📁 Files:": list(_columns(_files(run))),
    }
    for title, rows in sections.items():
        if rows:
            yield title
            yield from rows
    log = run.settings.get("log_file")
    if log:
        yield f"🔎 Look closer: verbose-logging show {shlex.quote(str(log))}"


def _peaks(entry: EndBase) -> Iterator[tuple[str, float]]:
    for name, value in entry.peaks.items():
        if isinstance(value, int | float):
            yield name, value


def _raised_at(entry: EndBase) -> Iterator[str]:
    """Yields the innermost place of the traceback in code that is not installed, and the innermost of all."""
    lines = str((entry.exception or {}).get("traceback") or "").splitlines()
    places = [line.strip() for line in lines if line.startswith(_PLACE)]
    own = [place for place in places if _INSTALLED not in place]
    for place in dict.fromkeys([*own[-1:], *places[-1:]]):
        yield f"   {place}"


def _files(run: RunView) -> Iterator[tuple[str, str]]:
    settings = run.settings
    log = PurePath(str(settings.get("log_file") or ""))
    short = settings.get("standard_log_file")
    if log.name:
        yield "log", str(log)
    if short:
        has_folder = PurePath(short).parent != PurePath()
        yield "short log", short if has_folder else str(log.parent / short)
    if settings.get("save_log_to_json"):
        folder = settings.get("output_dir") or run.training_args.get("output_dir") or log.parent
        yield "run file", str(PurePath(folder) / f"{settings.get('run_name') or 'run'}_*.json")
    if run.last_checkpoint:
        yield "last checkpoint", run.last_checkpoint


def _columns(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """Yields rows with their names to the left and their figures to the right of their columns."""
    table = list(rows)
    if not table:
        return
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    is_text = len(widths) == 2  # noqa: PLR2004 - a name and what there is to say of it
    for name, *cells in table:
        figures = cells if is_text else [f"{cell:>{width}}" for cell, width in zip(cells, widths[1:], strict=True)]
        yield "   " + "  ".join([f"{name:<{widths[0]}}", *figures])
