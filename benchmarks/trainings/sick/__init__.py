"""Trainings with one thing wrong, each with the names that fit and the step from which on it can be seen."""

from __future__ import annotations

from typing import NamedTuple

from benchmarks.trainings.sick import data, learning, machine
from benchmarks.trainings.tiny import Prepare


class Sick(NamedTuple):
    """A kind of sick training.

    Args:
        prepare: Makes its Trainer from a folder, a seed, a size of 0 to 2 and the callbacks.
        names: The findings that name what is wrong; the first is the one that fits best.
        onset: The step from which on the trouble can be seen by somebody who looks at every number. What the names
            mean takes some steps by itself: "flat for 50 steps" begins to be true after 50. -1 for the evaluation after
            the best one.
        within_seconds: The time from the start in which it must be found, for what goes by the clock; else 50 steps.
    """

    prepare: Prepare
    names: tuple[str, ...]
    onset: int = 1
    within_seconds: float | None = None


SICK: dict[str, Sick] = {
    "rate too high": Sick(
        learning.rate_too_high, ("divergence", "exploding_gradients", "loss_spike", "nonfinite_loss")
    ),
    "NaN by overflow": Sick(learning.overflow, ("nonfinite_loss",), onset=30),
    "NaN from a bad batch": Sick(data.bad_batch, ("nonfinite_loss",), onset=25),
    "vanishing by depth": Sick(learning.vanishing, ("vanishing_gradients",)),
    "dead learning rate": Sick(learning.dead_rate, ("not_learning",), onset=50),
    "frozen model": Sick(learning.frozen, ("nothing_trainable",), onset=0),
    "graph cut": Sick(learning.cut_graph, ("zero_gradient",)),
    "labels masked": Sick(data.masked, ("labels_masked",)),
    "tiny set overfitted": Sick(data.overfitted, ("overfitting", "memorising"), onset=-1),
    "label noise": Sick(data.label_noise, ("overfitting", "not_learning"), onset=-1),
    "one corrupt batch": Sick(data.corrupt_batch, ("loss_spike",), onset=150),
    "slow loader": Sick(machine.slow_loader, ("data_starvation",)),
    "step-time creep": Sick(machine.creep, ("slow_steps",), onset=50),
    "leak in Python": Sick(machine.leak, ("memory_leak",), within_seconds=25.0),
    "padding of 80%": Sick(data.padding, ("padding_waste",)),
    "rate jumps": Sick(
        learning.rate_jumps, ("exploding_gradients", "loss_spike", "divergence", "nonfinite_loss"), onset=61
    ),
    "schedule not stepped": Sick(learning.stuck_schedule, ("stuck_learning_rate",)),
    "schedule too short": Sick(learning.over_schedule, ("zero_learning_rate",), onset=41),
}
