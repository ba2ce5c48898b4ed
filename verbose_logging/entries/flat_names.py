"""What the short log calls the numbers of the full one: `step_time` is `timing.step_time_seconds`."""

from __future__ import annotations

from collections.abc import Mapping

# Group by group, since that is how an entry holds them.
FLAT_NAMES: Mapping[str, Mapping[str, str]] = {
    "timing": {
        "step_time_seconds": "step_time",
        "avg_step_time_seconds": "avg_step_time",
        "eta_minutes": "eta_minutes",
    },
    "metrics": {"loss": "loss", "learning_rate": "learning_rate", "grad_norm": "grad_norm"},
    "progress": {"progress_percent": "progress_percent", "remaining_steps": "remaining_steps"},
}
