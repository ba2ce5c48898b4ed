"""What the optimizer was given: learning rates, gradient norms, and how hard clipping bit."""

from __future__ import annotations

from collections.abc import Sequence

from verbose_logging.facts import FactsDropped, Logged, PreOptimizerStep, StepBegin, StepEnd, TrainBegin
from verbose_logging.hearing import hears
from verbose_logging.meters.base import BaseMeter, known
from verbose_logging.protocols import MetricSpec, Numbers

_CLIP_EPSILON = 1e-6  # torch.nn.utils.clip_grad_norm_ divides by norm + 1e-6


class OptimizerMeter(BaseMeter):
    """The learning rate that the step used, and the norm of its gradients before clipping.

    After the step the scheduler has moved on, so the rate is the one read before the optimizer's step. The gradients
    that can be seen then are clipped already, so a module's norm is scaled back. Example: at a limit of 0.5 a total
    norm of 2.0 is clipped by 0.25; a module that measures 0.1 afterwards had 0.4.
    """

    group = "metrics"
    specs = (
        MetricSpec("learning_rate", "", "Learning rate that the step used (of the first parameter group)."),
        MetricSpec("learning_rate_group_*", "", "Learning rate of each parameter group, where they differ."),
        MetricSpec("grad_norm", "", "L2 norm of all gradients of the step, before clipping."),
        MetricSpec("clip_coefficient", "", "Factor that clipping scaled the gradients by; 1 when it left them alone."),
        MetricSpec("clipped_share", "", "Share of this session's steps that were clipped."),
        MetricSpec("grad_norm/*", "", "L2 norm of a module's gradients before clipping."),
    )

    def __init__(self) -> None:
        self._fact: PreOptimizerStep | None = None
        self._coefficient: float | None = None
        self._logged_norm: float | None = None
        self._steps = 0
        self._clipped = 0

    @hears(TrainBegin)
    def _begin(self, _: TrainBegin) -> None:
        self._steps = self._clipped = 0

    @hears(StepBegin, FactsDropped)
    def _forget(self, _: StepBegin | FactsDropped) -> None:
        self._fact = self._coefficient = self._logged_norm = None

    @hears(PreOptimizerStep)
    def _keep(self, fact: PreOptimizerStep) -> None:
        self._fact = fact
        self._coefficient = _coefficient(fact)

    @hears(Logged)
    def _take_log(self, fact: Logged) -> None:
        self._logged_norm = fact.logs.get("grad_norm")

    @hears(StepEnd)
    def _count(self, _: StepEnd) -> None:
        if self._coefficient is not None:
            self._steps += 1
            self._clipped += self._coefficient < 1.0

    def at_step(self) -> Numbers:
        """Returns what is known of the step."""
        fact = self._fact
        norm = fact.gradient_norm if fact is not None and fact.gradient_norm is not None else self._logged_norm
        rates = _each(fact.learning_rates) if fact is not None else ()
        numbers = known(
            learning_rate=rates[0] if rates else None,
            grad_norm=norm,
            clip_coefficient=self._coefficient,
            clipped_share=self._share(),
        )
        if len(rates) > 1 and len(set(rates)) > 1:
            numbers |= {f"learning_rate_group_{place}": rate for place, rate in enumerate(rates)}
        if fact is not None and fact.module_norms:
            scale = 1.0 / (self._coefficient or 1.0)
            numbers |= {f"grad_norm/{module}": scale * norm for module, norm in fact.module_norms.items()}
        return numbers

    def _share(self) -> float | None:
        return self._clipped / self._steps if self._steps else None

    def at_end(self) -> Numbers:
        """Returns how often clipping bit."""
        return known(clipped_share=self._share())


def _coefficient(fact: PreOptimizerStep) -> float | None:
    limit = fact.gradient_norm_limit
    if fact.gradient_norm is None or limit is None or limit <= 0:
        return None
    coefficient: float = limit / (fact.gradient_norm + _CLIP_EPSILON)
    return coefficient if coefficient != coefficient else min(1.0, coefficient)  # noqa: PLR0124 - NaN stays NaN


def _each(rates: float | Sequence[float] | None) -> Sequence[float]:
    return (rates,) if isinstance(rates, float | int) else rates or ()
