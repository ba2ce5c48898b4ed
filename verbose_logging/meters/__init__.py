"""The meters: each turns facts into one group of numbers.

To add one: a file in this folder, and a line in `build_meters`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from verbose_logging.meters.eta import EtaMeter
from verbose_logging.meters.ledger import Ledger
from verbose_logging.meters.loss import LossMeter
from verbose_logging.meters.optimizer import OptimizerMeter
from verbose_logging.meters.progress import ProgressMeter
from verbose_logging.meters.rates import StepTimes
from verbose_logging.meters.timing import TimingMeter
from verbose_logging.protocols import Meter


class Meters(NamedTuple):
    """A run's meters and the two time-keepers they share, in the order in which they observe."""

    ledger: Ledger
    step_times: StepTimes
    table: tuple[Meter, ...]


def build_meters(date: Callable[[float], str]) -> Meters:
    """Returns fresh meters for one run.

    Args:
        date: Turns a monotonic time into an ISO 8601 date.
    """
    ledger = Ledger()
    step_times = StepTimes(ledger)
    return Meters(
        ledger,
        step_times,
        (
            TimingMeter(ledger, step_times),
            EtaMeter(step_times, date),
            ProgressMeter(),
            LossMeter(),
            OptimizerMeter(),
        ),
    )
