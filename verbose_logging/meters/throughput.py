"""How much data goes through: samples and tokens, per step, per second and in all."""

from __future__ import annotations

from collections import deque

from verbose_logging.facts import Fact, MicroStep, Restored, RunOpened, StepBegin, StepEnd, TrainBegin
from verbose_logging.meters.base import BaseMeter, known
from verbose_logging.meters.ledger import Ledger
from verbose_logging.protocols import MetricSpec, Numbers

_WINDOW = 100
_ENOUGH = 5
_WARM_UP = 2
_COUNTS = ("samples", "padded_tokens", "real_tokens", "loss_tokens")


class StepCounts:
    """What the step under way holds, summed over its micro-batches. A count that one of them lacks is not known."""

    def __init__(self) -> None:
        self.values: dict[str, int | None] = {}
        self.items_in_batch: int | None = None

    def observe(self, fact: Fact) -> None:
        """Takes in a fact."""
        if isinstance(fact, StepBegin):
            self.values = {}
            self.items_in_batch = None
        elif isinstance(fact, MicroStep):
            first = not self.values
            for name in _COUNTS:
                before, now = (0 if first else self.values.get(name)), getattr(fact, name)
                self.values[name] = None if before is None or now is None else before + int(now)
            self.items_in_batch = None if fact.items_in_batch is None else int(fact.items_in_batch)


class TokenMeter(BaseMeter):
    """Tokens of the step, and of the run.

    `padded_tokens` are all positions that the device worked on, `real_tokens` those that are no padding, `loss_tokens`
    those that taught the model something. `num_tokens` goes on after a resume, from what our own log says of the
    checkpoint; without that it is not known, and what the Trainer logs under this name stands.

    Args:
        counts: The step's counts; observed before this meter.
    """

    group = "metrics"
    specs = (
        MetricSpec("padded_tokens", "", "Token positions of the step on this rank, padding included."),
        MetricSpec("real_tokens", "", "Token positions of the step on this rank that are no padding."),
        MetricSpec("loss_tokens", "", "Positions of the step on this rank that the loss is taken over."),
        MetricSpec(
            "num_items_in_batch", "", "What the Trainer divides the step's loss by: labels counted over all ranks."
        ),
        MetricSpec("padding_fraction", "", "Share of the step's positions that are padding.", "lower"),
        MetricSpec("num_tokens", "", "Real tokens since the run began on this rank, resumes included."),
    )

    def __init__(self, counts: StepCounts) -> None:
        self._counts = counts
        self._world_size = 1
        self._total: int | None = 0

    def observe(self, fact: Fact) -> None:
        """Takes in a fact."""
        if isinstance(fact, StepEnd):
            real = self._counts.values.get("real_tokens")
            self._total = None if self._total is None or real is None else self._total + real
        elif isinstance(fact, Restored):
            self._total = None if fact.num_tokens is None else int(fact.num_tokens)
        elif isinstance(fact, TrainBegin):
            self._total = None if fact.step else 0
        elif isinstance(fact, RunOpened):
            self._world_size = fact.world_size

    def at_step(self) -> Numbers:
        """Returns the step's tokens and the run's."""
        values = self._counts.values
        padded, real = values.get("padded_tokens"), values.get("real_tokens")
        return known(
            padded_tokens=padded,
            real_tokens=real,
            loss_tokens=values.get("loss_tokens"),
            num_items_in_batch=self._counts.items_in_batch if self._world_size > 1 else None,
            padding_fraction=1 - real / padded if padded and real is not None else None,
            num_tokens=self._total,
        )

    def at_end(self) -> Numbers:
        """Returns the run's tokens."""
        return known(num_tokens=self._total)


class ThroughputMeter(BaseMeter):
    """Samples and tokens per second of this rank, over the steps that also count for `steps_per_second`.

    Args:
        ledger: Splits the time; observed before this meter.
        counts: The step's counts; observed before this meter.
    """

    group = "timing"
    specs = (
        MetricSpec("samples_per_second", "1/s", "Rows per second on this rank.", "higher"),
        MetricSpec("tokens_per_second", "1/s", "Real tokens per second on this rank.", "higher"),
        MetricSpec("padded_tokens_per_second", "1/s", "Token positions per second on this rank, padding included."),
        MetricSpec("loss_tokens_per_second", "1/s", "Tokens under the loss per second on this rank.", "higher"),
        MetricSpec("global_items_per_second", "1/s", "num_items_in_batch per second, over all ranks.", "higher"),
    )

    def __init__(self, ledger: Ledger, counts: StepCounts) -> None:
        self._ledger = ledger
        self._counts = counts
        self._begin()
        self._world_size = 1

    def _begin(self) -> None:
        self._steps: deque[tuple[float, dict[str, int | None]]] = deque(maxlen=_WINDOW)
        self._seen = 0

    def observe(self, fact: Fact) -> None:
        """Takes in a fact."""
        if isinstance(fact, StepEnd) and self._ledger.step_time_seconds is not None and self._counts.values:
            row = {**self._counts.values, "items": self._counts.items_in_batch}
            self._steps.append((self._ledger.step_time_seconds, row))
            self._seen += 1
            if self._seen == _ENOUGH:
                for _ in range(_WARM_UP):
                    self._steps.popleft()
        elif isinstance(fact, TrainBegin):
            self._begin()
        elif isinstance(fact, RunOpened):
            self._world_size = fact.world_size

    def at_step(self) -> Numbers:
        """Returns the present rates."""
        return known(
            samples_per_second=self._rate("samples"),
            tokens_per_second=self._rate("real_tokens"),
            padded_tokens_per_second=self._rate("padded_tokens"),
            loss_tokens_per_second=self._rate("loss_tokens"),
            global_items_per_second=self._rate("items") if self._world_size > 1 else None,
        )

    def _rate(self, name: str) -> float | None:
        counts = [row.get(name) for _, row in self._steps]
        seconds = sum(step_time for step_time, _ in self._steps)
        if not counts or None in counts or seconds <= 0:
            return None
        return sum(count for count in counts if count is not None) / seconds

    def at_epoch(self) -> Numbers:
        """Returns the present rates."""
        return self.at_step()

    def at_end(self) -> Numbers:
        """Returns the present rates."""
        return self.at_step()
