"""What was, or is, wrong with a run: the rules over its log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import msgspec

from verbose_logging.entries import Severity, State
from verbose_logging.errors import LogError
from verbose_logging.reading.fields import count_at, group_at, text_at
from verbose_logging.reading.files.locate import find_run, full_log_beside
from verbose_logging.reading.open_findings import FINDING_TYPES, OpenFindings
from verbose_logging.reading.reader import read_entries
from verbose_logging.reading.replay import Replay
from verbose_logging.reading.runs.load import load_run
from verbose_logging.reading.short_log import is_short_log

SEVERITIES: tuple[str, ...] = get_args(Severity)


class HealthFinding(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What one rule found in a run.

    Args:
        rule: The rule's name.
        kind: "training_health", "performance_anomaly" or "resource_warning".
        severity: How bad it was when it began.
        state: "firing" while it holds, "resolved" when it is over.
        first_step: Where it began for the first time.
        last_step: Where it last began or ended.
        times: How often it began.
        verdict: One sentence, of the first time.
        evidence: What the verdict rests on.
        suggestion: What to try.
    """

    rule: str
    kind: str
    severity: str
    state: State
    first_step: int
    last_step: int
    times: int
    verdict: str
    evidence: dict[str, Any] = {}
    suggestion: str | None = None


class Diagnosis(msgspec.Struct, kw_only=True):
    """A run's findings, and what they rest on.

    Args:
        path: The log.
        run_id: The run.
        steps: How many steps' entries were judged.
        findings: The worst first; of equal ones the one that began first.
    """

    path: str
    run_id: str | None
    steps: int
    findings: list[HealthFinding]


def diagnose(path: str | Path) -> list[HealthFinding]:
    """Returns the findings of a finished or running log, the worst first.

    The rules judge the log's entries as they judged them live, with the parameters that the run had, so on a log of
    level high or ultra both say the same. What a lower level left out of the log cannot be judged again: there the
    findings that stand in the log count.

    Args:
        path: A log, plain or gzip, or a folder with one; of several runs the newest that trained.

    Raises:
        LogError: There is no such file, or no log entry in it.

    Example:
        >>> folder = getfixture("tmp_path")
        >>> from verbose_logging import TrainingLogger
        >>> with TrainingLogger(log_file=folder / "log.jsonl", console="off", output_dir=folder) as logger:
        ...     logger.log_step(1, loss=3.0)
        ...     logger.log_step(2, loss=float("nan"))
        >>> [(found.rule, found.first_step) for found in diagnose(folder)]
        [('nonfinite_loss', 2)]
    """
    return examine(path).findings


def examine(path: str | Path) -> Diagnosis:
    """Returns the same with what it rests on.

    Raises:
        LogError: There is no such file, or no log entry in it.
    """
    run = load_run(_full_log(Path(path)))
    told, found, judge = _Findings(), _Findings(), Replay()
    for entry in _of_run(read_entries(run.path), run.run_id):
        told.take(entry)
        for finding in judge.take(entry):
            found.add(_row(finding))
    for finding in judge.rest():
        found.add(_row(finding))
    findings = [*told.by_rule.values(), *(row for rule, row in found.by_rule.items() if rule not in told.by_rule)]
    findings.sort(key=lambda row: (-SEVERITIES.index(row.severity), row.first_step))
    return Diagnosis(path=str(run.path), run_id=run.run_id, steps=judge.steps, findings=findings)


def _full_log(path: Path) -> Path:
    """Returns the log that is meant: beside a short log, or in a folder.

    Raises:
        LogError: There is none; what there is has no gradients and no times to judge by.
    """
    file = find_run(path)
    full = full_log_beside(file) if is_short_log(file) else file
    if full is None or full.suffix == ".json":
        raise LogError(f"{file}: not a full log, so there is too little to judge by; name the one of the run (.jsonl)")
    return full


def _of_run(entries: Iterable[dict[str, Any]], run_id: str | None) -> Iterator[dict[str, Any]]:
    return (entry for entry in entries if run_id is None or entry.get("run_id") == run_id)


class _Findings:
    """Findings by rule."""

    def __init__(self) -> None:
        self.by_rule: dict[str, HealthFinding] = {}
        self._open = OpenFindings()

    def take(self, entry: Mapping[str, Any]) -> None:
        """Takes in a finding that stands in a log."""
        kind, rule, severity = (text_at(entry, key) for key in ("type", "rule", "severity"))
        if kind == "training_start":
            self._open.restart()
        if kind not in FINDING_TYPES or rule is None or severity not in SEVERITIES:
            return
        step = count_at(entry, "step") or 0
        self.add(
            HealthFinding(
                rule=rule,
                kind=kind,
                severity=severity,
                state="resolved" if text_at(entry, "state") == "resolved" else "firing",
                first_step=step,
                last_step=step,
                times=1,
                verdict=(text_at(entry, "message") or rule).removeprefix("⚠️ "),
                evidence=group_at(entry, "evidence"),
                suggestion=text_at(entry, "suggestion"),
            )
        )

    def add(self, row: HealthFinding) -> None:
        """Takes in a beginning or an end."""
        known = self.by_rule.get(row.rule)
        state = self._open.take(row.rule, row.state)
        if known is None:
            if row.state == "firing":
                self.by_rule[row.rule] = row
            return
        known.state, known.last_step = state, row.last_step
        known.times += row.state == "firing"


def _row(finding: Any) -> HealthFinding:
    condition = finding.condition
    return HealthFinding(
        rule=finding.rule.name,
        kind=finding.rule.kind,
        severity=finding.severity,
        state=finding.state,
        first_step=finding.step,
        last_step=finding.step,
        times=1,
        verdict=condition.verdict,
        evidence={**condition.evidence, "entries": finding.entries},
        suggestion=condition.suggestion,
    )
