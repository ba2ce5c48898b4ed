"""How far off the remaining time is, beside the two estimates that training tools usually show.

The traces are seeded scripts of facts; ours is read from the entries that the real recorder makes of them. The others
are what a user sees beside it: the Trainer's progress bar (tqdm, smoothing 0.3), and elapsed / done x remaining. Both
count the steps that a resumed run restores as done now, as they do in the field.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from statistics import fmean
from typing import NamedTuple

from rich.table import Table
from tqdm.std import EMA

from benchmarks.tables import show
from verbose_logging.facts import StepEnd
from verbose_logging.testing import FactScript, record

STEPS = 1000
SMOOTHING = 0.3
SEED = 7
ROUNDING = 1e-6  # seconds
JITTER = 0.1  # of a step's time; batches differ in length


class Trace(NamedTuple):
    """A run, and the step from which on its forecasts are judged.

    Args:
        script: The facts.
        judged_from: The first step whose forecast counts: nothing can be known of what has never been seen.
    """

    script: FactScript
    judged_from: int = 5


class Errors(NamedTuple):
    """Mean absolute errors over a trace, in seconds, and the share of moments that lie in our range."""

    ours: float
    tqdm: float
    elapsed_fraction: float
    covered: float


class Run:
    """A script of whole steps, with an evaluation and a save wherever the Trainer's schedule has one."""

    def __init__(
        self, seed: int, *, done: int = 0, evaluate_every: int | None = None, save_every: int | None = None
    ) -> None:
        self.random = random.Random(seed)  # noqa: S311 - scatter in a trace is no secret
        self._step = done
        self._evaluate_every = evaluate_every
        self._save_every = save_every
        schedule = {"evaluate_every_steps": evaluate_every, "save_every_steps": save_every}
        self.script = FactScript(total_steps=STEPS, steps_per_epoch=STEPS, first_step=done, **schedule)
        self.script.open().begin().epoch_begin()

    def about(self, seconds: float, spread: float = JITTER) -> float:
        """Returns about that many seconds, always some, more often many too many than too few."""
        return seconds * self.random.lognormvariate(0.0, spread)

    def step(self, seconds: float) -> None:
        """Writes a step, and what is due after it."""
        self._step += 1
        self.script.step(data_wait=0.1 * seconds, forward_backward=0.7 * seconds, optimizer=0.2 * seconds)
        if self._is_due(self._evaluate_every):
            usual = 48.0 if self._step == self._evaluate_every else 40.0
            self.script.evaluate(seconds=self.about(usual, 0.03), eval_loss=1.0)
        if self._is_due(self._save_every):
            self.script.save(seconds=self.about(15.0, 0.3))

    def _is_due(self, every: int | None) -> bool:
        return every is not None and (self._step % every == 0 or self._step == STEPS)

    def end(self, judged_from: int = 5) -> Trace:
        """Returns the whole trace."""
        self.script.epoch_end().end()
        return Trace(self.script, judged_from)


def constant_speed(seed: int) -> Trace:
    """Every step takes about a second."""
    run = Run(seed)
    for _ in range(STEPS):
        run.step(run.about(1.0))
    return run.end()


def slow_first_steps(seed: int) -> Trace:
    """The first steps compile and warm up."""
    run = Run(seed)
    for slow in (40.0, 8.0, 3.0):
        run.step(slow)
    for _ in range(STEPS - 3):
        run.step(run.about(1.0))
    return run.end()


def evaluation_and_saving(seed: int) -> Trace:
    """An evaluation every 150 steps, the first one slower, and a checkpoint every 200."""
    run = Run(seed, evaluate_every=150, save_every=200)
    for _ in range(STEPS):
        run.step(run.about(1.0))
    return run.end(judged_from=151)


def resume(seed: int) -> Trace:
    """A run that goes on from the middle."""
    run = Run(seed, done=STEPS // 2)
    for _ in range(STEPS // 2):
        run.step(run.about(1.0))
    return run.end(judged_from=STEPS // 2 + 5)


def speed_change(seed: int) -> Trace:
    """Half way the machine gets a neighbour, and steps take 1.4 times as long. Before, nobody can know of it."""
    run = Run(seed)
    for step in range(STEPS):
        run.step(run.about(1.0 if step < STEPS // 2 else 1.4))
    return run.end()


def after_the_speed_change(seed: int) -> Trace:
    """The same run, judged from the change on: how fast a forecast notices."""
    return speed_change(seed)._replace(judged_from=STEPS // 2 + 1)


def noisy_steps(seed: int) -> Trace:
    """Batches of very different lengths, and now and then a pause of ten steps."""
    run = Run(seed)
    for _ in range(STEPS):
        pause = 10.0 if run.random.randrange(100) == 0 else 0.0
        run.step(run.about(1.0, 0.4) + pause)
    return run.end()


TRACES: dict[str, Callable[[int], Trace]] = {
    "constant speed": constant_speed,
    "slow first steps": slow_first_steps,
    "evaluation and saving": evaluation_and_saving,
    "resume": resume,
    "speed change": speed_change,
    "speed change, from then on": after_the_speed_change,
    "noisy steps": noisy_steps,
}
WHOLE_RUNS = [name for name in TRACES if name != "speed change, from then on"]


class Tqdm:
    """The arithmetic of tqdm's bar, as the Trainer drives it: one update a step, restored steps in the first.

    It is kinder than the real bar after a resume, which also lets the next fifty steps pass unmeasured.
    """

    def __init__(self, began_at: float) -> None:
        self._steps, self._seconds = EMA(SMOOTHING), EMA(SMOOTHING)
        self._done, self._at = 0, began_at

    def left(self, fact: StepEnd) -> float:
        """Returns the seconds left at the end of a step."""
        rate = self._steps(fact.step - self._done) / self._seconds(fact.at - self._at)
        self._done, self._at = fact.step, fact.at
        return (STEPS - fact.step) / rate


def errors(trace: Trace) -> Errors:
    """Returns how far off the three are on a trace."""
    facts = trace.script.facts
    began_at, ended_at = facts[0].at, facts[-1].at
    step_ends = [fact for fact in facts if isinstance(fact, StepEnd)]
    entries = record(facts, level="medium").of_type("training_step_complete")
    bar = Tqdm(began_at)
    judged = []
    for fact, entry in zip(step_ends, entries, strict=True):
        truth = ended_at - fact.at
        ours, low, high = (60 * entry.timing[f"eta_{bound}minutes"] for bound in ("", "low_", "high_"))
        by_bar, by_fraction = bar.left(fact), (fact.at - began_at) / fact.step * (STEPS - fact.step)
        if fact.step >= trace.judged_from:
            off = (abs(said - truth) for said in (ours, by_bar, by_fraction))
            judged.append((*off, low - ROUNDING <= truth <= high + ROUNDING))
    return Errors(*map(fmean, zip(*judged, strict=True)))


def together(found: Iterable[Errors]) -> Errors:
    """Returns the errors over several runs of the same length, each counting alike."""
    return Errors(*map(fmean, zip(*found, strict=True)))


def mean_errors(name: str, seeds: range = range(SEED, SEED + 5)) -> Errors:
    """Returns the errors on a kind of trace, as means over the seeds."""
    return together(errors(TRACES[name](seed)) for seed in seeds)


def main() -> None:
    """Prints the table."""
    table = Table("trace", "ours [s]", "tqdm [s]", "elapsed [s]", "ours / tqdm", "ours / elapsed", "in our range")
    found = {name: mean_errors(name) for name in TRACES}
    found["all whole runs"] = together(found[name] for name in WHOLE_RUNS)
    for name, error in found.items():
        figures = (*error[:3], error.ours / error.tqdm, error.ours / error.elapsed_fraction)
        table.add_row(name, *(f"{figure:.2f}" for figure in figures), f"{error.covered:.0%}")
    show(table)


if __name__ == "__main__":
    main()
