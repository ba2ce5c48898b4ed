"""Findings: the verdict, why, and what to try."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from verbose_logging.console.output import Output, told
from verbose_logging.console.run_view import RunView
from verbose_logging.console.values import label, text_of
from verbose_logging.entries import EntryBase, FindingBase

_STYLES = {"INFO": "cyan", "WARNING": "yellow", "ERROR": "red", "CRITICAL": "bold red"}
_MOST_EVIDENCE = 8  # the rest is in the log
_COUNT = "entries"  # for how many entries the condition has held: 1, when it is told


class Alerts:
    """Three rows when something fires, one when it is over."""

    paced: ClassVar[bool] = False

    def outputs(self, entry: EntryBase, run: RunView) -> Iterator[Output]:  # noqa: ARG002 - the seam's
        """Yields a finding."""
        if not isinstance(entry, FindingBase):
            return
        if entry.state == "resolved":
            yield told(entry, entry.message, style="green")
            return
        rows = [entry.message]
        evidence = {name: value for name, value in entry.evidence.items() if name != _COUNT}
        if evidence:
            rows.append(f"   why: {_evidence(evidence)}")
        if entry.suggestion:
            rows.append(f"   try: {entry.suggestion}")
        yield told(entry, *rows, style=_STYLES[entry.level])


def _evidence(evidence: Mapping[str, Any]) -> str:
    texts = [f"{label(name).lower()} {text_of(name, value)}" for name, value in evidence.items()]
    return ", ".join(texts[:_MOST_EVIDENCE])
