"""What most meters share: nothing to say until they have something to say."""

from __future__ import annotations

from verbose_logging.hearing import Hearer
from verbose_logging.protocols import Measured, MetricGroup, MetricSpec, Numbers


class BaseMeter(Hearer):
    """A meter that hears of nothing and reports nothing: mark methods with `hears`, override what applies."""

    group: MetricGroup = "metrics"
    specs: tuple[MetricSpec, ...] = ()

    def at_step(self) -> Numbers:
        """Returns the numbers of the step that has just ended."""
        return {}

    def at_epoch(self) -> Numbers:
        """Returns the numbers of the epoch that has just ended."""
        return {}

    def at_end(self) -> Numbers:
        """Returns the numbers of the whole session."""
        return {}


def known(**numbers: Measured) -> dict[str, Measured]:
    """Returns the numbers that are known.

    Example:
        >>> known(loss=1.5, grad_norm=None)
        {'loss': 1.5}
    """
    if None not in numbers.values():  # nearly always
        return numbers
    return {name: value for name, value in numbers.items() if value is not None}
