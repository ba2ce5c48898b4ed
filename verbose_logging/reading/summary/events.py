"""What happened on the way: checkpoints and alerts."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

from verbose_logging.reading.fields import count_at, known, number_at, text_at
from verbose_logging.reading.open_findings import FINDING_TYPES, OpenFindings
from verbose_logging.reading.summary.part import Part

_CHECKPOINTS_KEPT = 5


class Checkpoints(Part):
    """How many checkpoints, and the latest five of them."""

    def __init__(self) -> None:
        self._count = 0
        self._latest: deque[dict[str, Any]] = deque(maxlen=_CHECKPOINTS_KEPT)

    def take(self, kind: str, entry: Mapping[str, Any]) -> None:
        """Takes in an entry."""
        if kind == "model_checkpoint_save":
            self._count += 1
            step, path, size_mb = count_at(entry, "step"), text_at(entry, "path"), number_at(entry, "size_mb")
            self._latest.append(known(step=step, path=path, size_mb=size_mb))

    def go_back(self, step: int) -> None:
        """Forgets what is superseded."""
        kept = [found for found in self._latest if found.get("step", 0) <= step]
        self._count -= len(self._latest) - len(kept)
        self._latest = deque(kept, maxlen=_CHECKPOINTS_KEPT)

    def result(self) -> dict[str, Any]:
        """Returns the checkpoints, oldest first."""
        return {"checkpoints": self._count, "latest_checkpoints": list(self._latest)}


class Alerts(Part):
    """What the rules found: a row per rule, with how often it fired and whether it still holds."""

    def __init__(self) -> None:
        self._rules: dict[str, dict[str, Any]] = {}
        self._open = OpenFindings()
        self._are_told = True

    def take(self, kind: str, entry: Mapping[str, Any]) -> None:
        """Takes in an entry."""
        rule, state, step = text_at(entry, "rule"), text_at(entry, "state"), count_at(entry, "step")
        if kind == "training_start":
            self._open.restart()
        self._are_told = self._are_told and entry.get("names_findings") is not False
        if kind not in FINDING_TYPES or rule is None:
            return
        alert = self._rules.setdefault(rule, {"rule": rule, "times": 0} | known(first_step=step))
        alert["state"] = self._open.take(rule, state)
        if state == "firing":
            texts = {key: text_at(entry, key) for key in ("severity", "message", "suggestion")}
            alert |= known(last_step=step, **texts) | {"times": alert["times"] + 1}

    def result(self) -> dict[str, Any]:
        """Returns the alerts in the order of their first firing; nothing of a file that tells of none."""
        return {"alerts": list(self._rules.values()) if self._are_told else None}
