"""Whether a run is healthy, in one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_SEVERITIES = ("WARNING", "ERROR", "CRITICAL")
_ENOUGH_STEPS = 20


def health(summary: Mapping[str, Any]) -> str | None:
    """Returns the worst finding of a summary, or that there is none; `None` where nothing can be said.

    Example:
        >>> health({"alerts": [], "steps_done": 200})
        'healthy: no warning in 200 steps'
        >>> row = {"rule": "loss_spike", "severity": "WARNING", "message": "⚠️ The loss jumps", "state": "resolved"}
        >>> health({"alerts": [row], "steps_done": 200})
        'WARNING loss_spike, over again: The loss jumps'
    """
    if "alerts" not in summary:
        return None
    serious = [alert for alert in summary["alerts"] if alert.get("severity") in _SEVERITIES]
    steps = summary.get("steps_done") or 0
    if not serious:
        if steps < _ENOUGH_STEPS:
            return None
        return f"healthy: no warning in {steps:,} steps"
    worst = max(serious, key=lambda alert: (alert.get("state") == "firing", _SEVERITIES.index(alert["severity"])))
    state = "" if worst.get("state") == "firing" else ", over again"
    verdict = str(worst.get("message", "")).removeprefix("⚠️ ")
    others = f"; {len(serious) - 1} more below" if len(serious) > 1 else ""
    return f"{worst['severity']} {worst['rule']}{state}: {verdict}{others}"
