"""The meters: each turns facts into one group of numbers.

To add one: a file in this folder, and a line in `build_meters`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from verbose_logging.hearing import Observer
from verbose_logging.meters.eta import EtaMeter
from verbose_logging.meters.flops import FlopsMeter
from verbose_logging.meters.gc_time import GcMeter
from verbose_logging.meters.ledger import Ledger
from verbose_logging.meters.loss import LossMeter
from verbose_logging.meters.optimizer import OptimizerMeter
from verbose_logging.meters.progress import ProgressMeter
from verbose_logging.meters.rates import RecentSteps
from verbose_logging.meters.step_counts import StepCounts
from verbose_logging.meters.throughput import ThroughputMeter, TokenMeter
from verbose_logging.meters.timing import TimingMeter
from verbose_logging.protocols import Meter


class Meters(NamedTuple):
    """A run's meters and the keepers that they share, which observe before them."""

    ledger: Ledger
    keepers: tuple[Observer, ...]
    table: tuple[Meter, ...]


def build_meters(date: Callable[[float], str], *, peak_flops: float | None = None) -> Meters:
    """Returns fresh meters for one run.

    Args:
        date: Turns a monotonic time into an ISO 8601 date.
        peak_flops: What one device can do, in FLOP/s, where the user states it.
    """
    ledger = Ledger()
    counts = StepCounts()
    recent = RecentSteps(ledger, counts)
    return Meters(
        ledger,
        (ledger, counts, recent),
        (
            TimingMeter(ledger, recent),
            EtaMeter(ledger, date),
            ThroughputMeter(recent),
            GcMeter(),
            ProgressMeter(),
            LossMeter(),
            OptimizerMeter(),
            TokenMeter(counts),
            FlopsMeter(ledger, peak_flops),
        ),
    )
