"""Every number that a meter gives, from the meters' own declarations."""

from __future__ import annotations

from tools.reference.markdown import table
from verbose_logging.meters import build_meters


def metrics() -> str:
    """Returns the table of numbers."""
    rows = [
        (f"`{meter.group}.{spec.name}`", spec.unit, spec.description, spec.better or "")
        for meter in build_meters(str).table
        for spec in meter.specs
    ]
    return table(("name", "unit", "what it is", "better"), rows)
