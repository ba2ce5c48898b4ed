"""A metric of an entry as text: what is not finite says so, what is not known is `-`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from verbose_logging.entries import ProgressReport, SubstepComplete, TrainingStepComplete

Measured: TypeAlias = TrainingStepComplete | ProgressReport | SubstepComplete
Show: TypeAlias = Callable[[float | None], str]


def number(value: object) -> float | None:
    """Returns a value that is a number, `None` for any other.

    Example:
        >>> number(2), number("2"), number(None)
        (2, None, None)
    """
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def metric(entry: Measured, name: str, show: Show) -> str:
    """Returns a metric in a form's own format."""
    marked = (entry.nonfinite or {}).get(f"metrics.{name}")
    return marked or show(number(entry.metrics.get(name)))


def model_state(report: ProgressReport) -> Mapping[str, Any]:
    """Returns what the user's model state said, with a word for each number that is not finite."""
    marked = report.nonfinite or {}
    return {name: _marked(f"model_state.{name}", value, marked) for name, value in (report.model_state or {}).items()}


def _marked(path: str, value: Any, marked: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {name: _marked(f"{path}.{name}", item, marked) for name, item in value.items()}
    return marked.get(path, value)
