"""What the optimizer was given: learning rate and gradient norm."""

from __future__ import annotations

from verbose_logging.facts import Fact, Logged, PreOptimizerStep, StepBegin
from verbose_logging.meters.base import BaseMeter, known
from verbose_logging.protocols import MetricSpec, Numbers


class OptimizerMeter(BaseMeter):
    """The learning rate that the step used, and the norm of its gradients before clipping.

    After the step the scheduler has moved on, so the rate is the one read before the optimizer's step.
    """

    group = "metrics"
    specs = (
        MetricSpec("learning_rate", "", "Learning rate that the step used (of the first parameter group)."),
        MetricSpec("grad_norm", "", "L2 norm of all gradients of the step, before clipping."),
    )

    def __init__(self) -> None:
        self._learning_rate: float | None = None
        self._grad_norm: float | None = None

    def observe(self, fact: Fact) -> None:
        """Takes in a fact."""
        if isinstance(fact, PreOptimizerStep):
            self._learning_rate = fact.learning_rates[0] if fact.learning_rates else None
        elif isinstance(fact, Logged):
            self._grad_norm = fact.logs.get("grad_norm")
        elif isinstance(fact, StepBegin):
            self._learning_rate = None
            self._grad_norm = None

    def at_step(self) -> Numbers:
        """Returns what is known of the step."""
        return known(learning_rate=self._learning_rate, grad_norm=self._grad_norm)
