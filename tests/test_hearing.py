"""Who hears of which facts, in classes that others build upon."""

from __future__ import annotations

from verbose_logging.facts import LoopStep, PreOptimizerStep, StepBegin, StepEnd
from verbose_logging.hearing import Audience, Hearer, hears


class Steps(Hearer):
    """Notes what it hears."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    @hears(StepBegin)
    def begin(self, _: StepBegin) -> None:
        """Notes a beginning."""
        self.heard.append("begin")

    @hears(PreOptimizerStep)
    def optimize(self, _: PreOptimizerStep) -> None:
        """Notes the optimizer."""
        self.heard.append("optimize")


class Own(Steps):
    """Has its own words for a beginning, and listens to an end in the place of the optimizer."""

    def begin(self, _: StepBegin) -> None:
        """Notes a beginning in its own words."""
        self.heard.append("own begin")

    @hears(StepEnd)
    def optimize(self, _: StepEnd) -> None:  # type: ignore[override]
        """Notes an end."""
        self.heard.append("end")


def test_an_override_hears_what_it_overrides_unless_it_is_marked_anew() -> None:
    """Both by the part's own `observe` and in an audience."""
    facts = [StepBegin(1.0), PreOptimizerStep(2.0, 0.1), StepEnd(3.0, 1, log_follows=False)]
    own, shown = Own(), Own()
    audience = Audience([shown])
    for fact in facts:
        own.observe(fact)
        audience.observe(fact)

    assert ["own begin", "end"] == own.heard == shown.heard


def test_a_kind_of_fact_is_heard_as_what_it_is_a_kind_of() -> None:
    """A loop's step is an optimizer's, too."""
    steps = Steps()
    steps.observe(LoopStep(1.0, ()))

    assert ["optimize"] == steps.heard


def test_who_has_an_observe_of_its_own_is_shown_everything() -> None:
    """It decides for itself."""

    class Everything(Steps):
        def observe(self, fact: object) -> None:
            self.heard.append(type(fact).__name__)

    everything = Everything()
    audience = Audience([everything])
    audience.observe(StepBegin(1.0))
    audience.observe(StepEnd(2.0, 1, log_follows=False))

    assert ["StepBegin", "StepEnd"] == everything.heard


def test_the_failure_of_one_is_told_and_the_others_hear_the_fact_even_so() -> None:
    """Those behind it, and all of them the next fact."""

    class Failing(Steps):
        @hears(StepBegin)
        def begin(self, _: StepBegin) -> None:
            """Fails."""
            raise ValueError("no beginning")

    told: list[tuple[object, str]] = []
    before, failing, behind = Steps(), Failing(), Steps()
    audience = Audience([before, failing, behind], on_failure=lambda part, error: told.append((part, str(error))))
    audience.observe(StepBegin(1.0))
    audience.observe(PreOptimizerStep(2.0, 0.1))

    assert [(failing, "no beginning")] == told
    assert ["begin", "optimize"] == before.heard == behind.heard
    assert ["optimize"] == failing.heard
