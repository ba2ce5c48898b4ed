"""What there is still time for: everything before the deadline, then the step under way, starts and ends."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from verbose_logging.facts import (
    Fact,
    GcPause,
    LoopStep,
    ProbeRead,
    StepBegin,
    StepEnd,
    TrainBegin,
    TrainEnd,
    UserWrote,
)
from verbose_logging.pipeline.deadline import Deadline
from verbose_logging.testing import FactScript, ManualClock

BEGIN = TrainBegin(0.0, 0, 10, 1, 10, 10, 1)
END = TrainEnd(9.0, 10, 1.0, None)


def steps(count: int) -> list[Fact]:
    """Returns the facts of so many steps, each with two micro-batches and a log."""
    script = FactScript(total_steps=count, steps_per_epoch=count)
    for _ in range(count):
        script.step(loss=1.0, micro_steps=[{}, {}])
    return list(script.facts)


def loop_steps() -> list[Fact]:
    """Returns the facts of two steps of a plain loop, where nobody sees a step begin."""
    script = FactScript(total_steps=2, steps_per_epoch=2)
    unbegun = [fact for fact in script.step(loss=1.0, micro_steps=[{}]).step().facts if not isinstance(fact, StepBegin)]
    return [LoopStep(fact.at, 1e-3) if "PreOptimizer" in type(fact).__name__ else fact for fact in unbegun]


def allowed(facts: Sequence[Fact], *, time_is_up_behind: int) -> list[Fact]:
    """Returns what is allowed of facts when time is up behind that many of them."""
    deadline = Deadline(ManualClock())
    kept = [fact for fact in facts[:time_is_up_behind] if deadline.allows(fact)]
    deadline.set(0.0)
    return kept + [fact for fact in facts[time_is_up_behind:] if deadline.allows(fact)]


def test_without_a_deadline_there_is_time_for_everything() -> None:
    """Nothing is left out."""
    facts = [BEGIN, *steps(3), END]
    assert facts == allowed(facts, time_is_up_behind=len(facts))


@pytest.mark.parametrize("place", range(1, 6))
def test_a_step_under_way_is_completed(place: int) -> None:
    """Wherever within the second step time is up, two whole steps are allowed, and nothing of the third."""
    facts = steps(3)
    length = len(facts) // 3
    assert facts[: 2 * length] == allowed(facts, time_is_up_behind=length + place)


def test_between_two_steps_no_other_begins() -> None:
    """Time is up behind the first step: that is all."""
    facts = steps(3)
    length = len(facts) // 3
    assert facts[:length] == allowed(facts, time_is_up_behind=length)


def test_a_step_whose_log_never_comes_is_complete() -> None:
    """A step that was to be logged is not waited for: the next one does not begin."""
    facts = [StepBegin(1.0), StepEnd(2.0, 1, log_follows=True), StepBegin(3.0), StepEnd(4.0, 2, log_follows=False)]
    assert facts[:2] == allowed(facts, time_is_up_behind=2)


@pytest.mark.parametrize("place", [1, 2])
def test_a_step_of_a_plain_loop_is_completed(place: int) -> None:
    """It has no beginning, only what its loop tells of it."""
    facts = loop_steps()
    assert facts[:4] == allowed(facts, time_is_up_behind=place)


def test_starts_and_ends_are_always_allowed() -> None:
    """The log would make no sense without them."""
    assert [BEGIN, END] == allowed([BEGIN, *steps(2), END], time_is_up_behind=0)


def test_what_others_say_within_the_step_under_way_is_left_out() -> None:
    """A flood of notes within one step does not hold up the end."""
    others = [UserWrote(1.5, {}), ProbeRead(1.6, "memory", {}), GcPause(1.7, 0.1, 2)]
    facts = [StepBegin(1.0), *others, StepEnd(2.0, 1, log_follows=False)]
    assert [facts[0], facts[-1]] == allowed(facts, time_is_up_behind=1)
