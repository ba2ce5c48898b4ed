"""A step's facts find room together, or none of them does."""

from __future__ import annotations

from collections import deque

from verbose_logging.facts import Fact, MicroStep, StepBegin
from verbose_logging.pipeline import Entrance


def micro_step(at: float) -> MicroStep:
    """Returns a micro-batch with half of a step's loss."""
    return MicroStep(at, 0.5, 4, None, None, None, None, None, {})


def test_room_that_is_made_within_a_step_is_not_for_the_rest_of_it() -> None:
    """Half of the loss without its step would be added to that of the next one."""
    waiting: deque[Fact] = deque([StepBegin(0.0)])
    refused: list[Fact] = []
    entrance = Entrance(waiting, 1, refused.append)

    entrance.begin_step()(StepBegin(1.0))
    entrance.put(micro_step(2.0))
    waiting.clear()
    entrance.put(micro_step(3.0))

    assert [1.0, 2.0, 3.0] == [fact.at for fact in refused]
    assert not waiting


def test_a_step_that_has_begun_finds_room_to_its_end() -> None:
    """However full it has become meanwhile, and the next step finds none."""
    waiting: deque[Fact] = deque()
    refused: list[Fact] = []
    entrance = Entrance(waiting, 2, refused.append)

    entrance.begin_step()(StepBegin(1.0))
    for at in (2.0, 3.0, 4.0):
        entrance.put(micro_step(at))
    entrance.begin_step()(StepBegin(5.0))

    assert [1.0, 2.0, 3.0, 4.0] == [fact.at for fact in waiting]
    assert [5.0] == [fact.at for fact in refused]
