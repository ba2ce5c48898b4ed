"""Runs written down step by step, and what the rules find in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pytest

from verbose_logging.entries import FindingBase, TrainingStepComplete
from verbose_logging.facts import TrainingInspected
from verbose_logging.testing import FactScript, record

LANGUAGE_MODEL = {"trainer": "Trainer", "loss": "token_cross_entropy", "chance_loss": 3.87}

Found = list[tuple[str, str, int]]
Judge = Callable[..., list[FindingBase]]


class Story:
    """A run in the making: each step's numbers, evaluations in between."""

    def __init__(  # noqa: PLR0913 - keyword-only, each a thing that a run can have
        self,
        *,
        total_steps: int | None,
        objective: Mapping[str, Any] | None = None,
        arguments: Mapping[str, Any] | None = None,
        model: Mapping[str, Any] | None = None,
        steps_per_epoch: int = 10_000,
        first_step: int = 0,
    ) -> None:
        self.script = FactScript(total_steps=total_steps, steps_per_epoch=steps_per_epoch, first_step=first_step).open()
        described = (dict(arguments or {}), dict(model or {}), {}, {}, {}, None, None)
        self.script.add(TrainingInspected, *described, dict(objective or LANGUAGE_MODEL))
        self.script.begin().epoch_begin()

    def step(self, loss: float | None, norm: float | None = 1.0, *, tokens: int = 100, **more: Any) -> Story:
        """A step as the taps see it."""
        micro = {"loss": loss, "padded_tokens": tokens, "real_tokens": tokens, "loss_tokens": tokens} | more.pop(
            "micro", {}
        )
        self.script.step(gradient_norm=norm, micro_steps=[micro], **more)
        return self

    def skip(self, count: int) -> Story:
        """Steps of which nothing is known but that they were."""
        for _ in range(count):
            self.script.step()
        return self

    def steps(self, losses: Iterable[float], norms: Sequence[float] | float = 1.0, **more: Any) -> Story:
        """Steps with these losses."""
        for place, loss in enumerate(losses):
            self.step(loss, norms if isinstance(norms, int | float) else norms[place], **more)
        return self

    def findings(self, **options: Any) -> list[Any]:
        """Returns the findings of the run so far."""
        return [entry for entry in record(self.script.facts, **options).entries if isinstance(entry, FindingBase)]

    def told(self, *, kind: str = "training_health", **options: Any) -> Found:
        """Returns rule, state and step of the findings of a type."""
        found = self.findings(**options)
        return [(entry.rule, entry.state, entry.step) for entry in found if entry.__struct_config__.tag == kind]


@pytest.fixture
def step() -> Callable[..., TrainingStepComplete]:
    """Makes the entry of a step with these numbers, for a rule by itself."""

    def make(number: int, **metrics: Any) -> TrainingStepComplete:
        return TrainingStepComplete(
            timestamp="2026-01-02T00:00:00+00:00", level="INFO", message="", run_id="r", seq=1, rank=0, step=number,
            epoch=1, timing={}, metrics=metrics, progress={},
        )  # fmt: skip

    return make


@pytest.fixture
def story() -> type[Story]:
    """Makes a run."""
    return Story
