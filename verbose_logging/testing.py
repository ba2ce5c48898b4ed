"""Fakes for testing what is built on this package: a sink in memory, a clock set by hand, scripted probes and runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from verbose_logging import facts
from verbose_logging.entries import Entry, entry_type
from verbose_logging.guard import Guard
from verbose_logging.recorder import recorder_for
from verbose_logging.settings import Settings


class ManualClock:
    """A clock that moves only when told to.

    Args:
        monotonic: First monotonic time, in seconds.
        wall: First wall-clock time, in seconds since the epoch.

    Example:
        >>> clock = ManualClock()
        >>> clock.advance(2.5)
        >>> clock.monotonic()
        2.5
    """

    def __init__(self, monotonic: float = 0.0, wall: float = 1_700_000_000.0) -> None:
        self._monotonic = monotonic
        self._wall = wall

    def advance(self, seconds: float) -> None:
        """Moves both clocks on."""
        self._monotonic += seconds
        self._wall += seconds

    def monotonic(self) -> float:
        """Returns the monotonic time, in seconds."""
        return self._monotonic

    def wall(self) -> float:
        """Returns the wall-clock time, in seconds since the epoch."""
        return self._wall

    def utc_offset_seconds(self) -> float:
        """Returns 0.0: the fake machine stands in Greenwich."""
        return 0.0


class MemorySink:
    """A sink that keeps what it is given.

    Example:
        >>> sink = MemorySink()
        >>> sink.write([])
        >>> sink.entries
        []
    """

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.flushes = 0
        self.closed = False

    def write(self, entries: Sequence[Entry]) -> None:
        """Keeps the entries, in order."""
        self.entries.extend(entries)

    def flush(self) -> None:
        """Counts the call."""
        self.flushes += 1

    def close(self) -> None:
        """Notes that the sink is closed."""
        self.closed = True

    def of_type(self, name: str) -> list[Any]:
        """Returns the entries of that type, in order."""
        return [entry for entry in self.entries if entry_type(entry) == name]


class StubProbe:
    """A probe that answers from a script: a mapping is returned, an exception is raised, the last one repeats.

    Args:
        readings: The answers, in order.
        name: The probe's name.
        interval_seconds: The probe's interval.

    Example:
        >>> probe = StubProbe([{"usage_percent": 10.0}, OSError("gone")])
        >>> probe.read()
        {'usage_percent': 10.0}
    """

    def __init__(
        self,
        readings: Iterable[Mapping[str, Any] | Exception],
        *,
        name: str = "stub",
        interval_seconds: float = 1.0,
    ) -> None:
        self.name = name
        self.interval_seconds = interval_seconds
        self.reads = 0
        self._readings = list(readings)

    def read(self) -> Mapping[str, Any]:
        """Returns or raises the next answer of the script."""
        answer = self._readings[min(self.reads, len(self._readings) - 1)]
        self.reads += 1
        if isinstance(answer, Exception):
            raise answer
        return answer


_UNSEEN: dict[str, Any] = {
    "loss": None,
    "samples": None,
    "padded_tokens": None,
    "real_tokens": None,
    "loss_tokens": None,
    "squared_lengths": None,
    "items_in_batch": None,
    "shapes": {},
}


class FactScript:
    """Writes down the facts of a run, as the Trainer's hooks would give them, with times set by hand.

    Args:
        total_steps: Optimizer steps of the whole run; `None` for a stream.
        steps_per_epoch: Optimizer steps of an epoch.
        first_step: Steps that were done before, for a resumed run.
        evaluate_every_steps: The schedule of evaluations; `None` for never. The script writes none by itself.
        save_every_steps: The schedule of checkpoints, in the same way.

    Example:
        >>> script = FactScript(total_steps=2, steps_per_epoch=2).open().begin().epoch_begin()
        >>> script = script.step(loss=2.0).step(loss=1.0).epoch_end().end()
        >>> len(script.facts)
        13
    """

    def __init__(
        self,
        *,
        total_steps: int | None,
        steps_per_epoch: int,
        first_step: int = 0,
        evaluate_every_steps: int | None = None,
        save_every_steps: int | None = None,
    ) -> None:
        self.facts: list[facts.Fact] = []
        self.clock = ManualClock()
        self._total_steps = total_steps
        self._steps_per_epoch = steps_per_epoch
        self._step = first_step
        self._schedule = (evaluate_every_steps, save_every_steps)

    @property
    def epoch(self) -> float:
        """The Trainer's fractional epoch."""
        return self._step / self._steps_per_epoch

    def add(self, kind: Callable[..., facts.Fact], *values: Any, after: float = 0.0) -> FactScript:
        """Writes a fact of that kind, so many seconds after the one before."""
        self.clock.advance(after)
        self.facts.append(kind(self.clock.monotonic(), *values))
        return self

    def open(self) -> FactScript:
        """The run opens."""
        return self.add(facts.RunOpened, self.clock.wall(), 0.0, "run-1", 0, 1)

    def begin(self, *, attempt: int = 1) -> FactScript:
        """Training begins, or begins again."""
        epochs = None if self._total_steps is None else -(-self._total_steps // self._steps_per_epoch)
        per_epoch = self._steps_per_epoch
        planned = (self._step, self._total_steps, epochs, per_epoch, per_epoch)
        return self.add(facts.TrainBegin, *planned, attempt, *self._schedule)

    def epoch_begin(self) -> FactScript:
        """An epoch begins."""
        return self.add(facts.EpochBegin, self.epoch)

    def epoch_end(self) -> FactScript:
        """An epoch ends."""
        return self.add(facts.EpochEnd, self._step, self.epoch)

    def step(  # noqa: PLR0913 - keyword-only, each a thing that a step can have
        self,
        *,
        loss: float | None = None,
        data_wait: float = 0.1,
        forward_backward: float = 0.7,
        optimizer: float = 0.2,
        learning_rate: float = 1e-3,
        gradient_norm: float | None = None,
        gradient_norm_limit: float | None = None,
        micro_steps: Sequence[Mapping[str, Any]] = (),
        **logs: float,
    ) -> FactScript:
        """A whole step; it is logged when a loss or anything else is given.

        Args:
            loss: What the Trainer logs.
            data_wait: Seconds of waiting for the batches.
            forward_backward: Seconds of forward and backward passes.
            optimizer: Seconds of the optimizer's step.
            learning_rate: The rate that the step uses.
            gradient_norm: What the tap saw, before clipping.
            gradient_norm_limit: The Trainer's `max_grad_norm`.
            micro_steps: What the tap saw of each micro-batch: fields of `MicroStep`, those left out unknown.
            **logs: What else the Trainer logs.
        """
        self.add(facts.StepBegin, after=data_wait)
        self.clock.advance(forward_backward)
        for seen in micro_steps:
            self.facts.append(facts.MicroStep(self.clock.monotonic(), **{**_UNSEEN, **seen}))
        self.add(facts.PreOptimizerStep, learning_rate, gradient_norm_limit, gradient_norm)
        self.clock.advance(optimizer)
        self._step += 1
        logged = ({} if loss is None else {"loss": loss}) | logs
        self.add(facts.StepEnd, self._step, bool(logged))
        if logged:
            self.add(facts.Logged, logged)
        return self

    def evaluate(self, *, seconds: float = 1.0, **metrics: float) -> FactScript:
        """An evaluation of one batch, logged as the Trainer logs it."""
        self.add(facts.PredictionStep, after=seconds)
        self.add(facts.Logged, dict(metrics))
        return self.add(facts.Evaluated, self._step, self.epoch, dict(metrics))

    def save(self, *, seconds: float = 1.0, path: str = "out/checkpoint", size_bytes: int | None = None) -> FactScript:
        """A checkpoint."""
        return self.add(facts.Saved, self._step, self.epoch, path, size_bytes, after=seconds)

    def read(self, probe: str, reading: Mapping[str, Any]) -> FactScript:
        """A probe's answer."""
        return self.add(facts.ProbeRead, probe, dict(reading))

    def end(self) -> FactScript:
        """Training ends."""
        return self.add(facts.TrainEnd, self._step, self.epoch, None)


def _no_problem(_part: str, _error: Exception) -> None:
    """Hears nothing: the guard of a recorder under test lets failures through."""


def record(script: Iterable[facts.Fact], *, level: str = "high", **options: Any) -> MemorySink:
    """Returns a sink with the entries that a recorder makes of the facts.

    Args:
        script: The facts, in order.
        level: The level's name.
        **options: Fields of `Settings`.

    Example:
        >>> script = FactScript(total_steps=1, steps_per_epoch=1).open().begin()
        >>> record(script.facts).entries[0].message
        '🚀 Training starts: 1 step in 1 epoch'
    """
    settings = Settings.from_options(**{"verbosity_level": level, "strict": True, **options})
    recorder = recorder_for(settings, Guard(_no_problem, strict=settings.strict))
    sink = MemorySink()
    for fact in script:
        sink.write(recorder.handle(fact))
    return sink
