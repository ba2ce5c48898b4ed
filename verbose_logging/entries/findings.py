"""What a rule has found."""

from __future__ import annotations

from verbose_logging.entries.base import EntryBase, Severity, State, Tree


class FindingBase(EntryBase, frozen=True, kw_only=True):
    """A rule's verdict. `message` says it, `step` is where the condition held.

    Args:
        rule: The rule's stable name.
        severity: How bad it is while it holds.
        state: "firing" when it begins, "resolved" when it is over.
        evidence: The values, steps and limits that the verdict rests on.
        suggestion: What to try.
        flight_recorder: The last steps, as far as the log's level does not have them: `steps`, their numbers, and
            `columns`, a list per number by its dotted name.
    """

    rule: str
    severity: Severity
    state: State
    evidence: Tree = {}
    suggestion: str | None = None
    flight_recorder: Tree | None = None


class ResourceWarning(FindingBase, frozen=True, kw_only=True, tag="resource_warning"):  # noqa: A001 - named after its entry type
    """A finding about memory, disk or a device."""


class PerformanceAnomaly(FindingBase, frozen=True, kw_only=True, tag="performance_anomaly"):
    """A finding about speed."""


class TrainingHealth(FindingBase, frozen=True, kw_only=True, tag="training_health"):
    """A finding about learning."""
