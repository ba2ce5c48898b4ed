"""Whether training shows a sign of life."""

from __future__ import annotations

import threading

from verbose_logging import facts
from verbose_logging.crash.watchdog import Watchdog, stack_of
from verbose_logging.facts import Fact, Quiet
from verbose_logging.testing import FactScript, record


def told_by(stream: list[Fact]) -> list[tuple[float, float]]:
    """Returns when a watchdog over this thread tells that it was quiet, and for how long."""
    dog = Watchdog()
    dog.watch()
    return [(quiet.at, quiet.seconds) for fact in stream if (quiet := dog.look(fact)) is not None]


def clock(*times: float) -> list[Fact]:
    """Returns readings of the clock."""
    return [facts.ClockRead(at, at, 0.0) for at in times]


def test_an_hour_without_a_step_is_told_every_half_minute() -> None:
    """One step that takes an hour: 120 signs of our own life."""
    told = told_by([facts.StepBegin(0.0), *clock(*map(float, range(1, 3601)))])

    assert [(30.0 * count, 30.0 * count) for count in range(1, 121)] == told


def test_readings_and_users_notes_are_no_sign_of_life() -> None:
    """What other threads see goes on while training hangs."""
    noise = [facts.ProbeRead(20.0, "cpu", {}), facts.UserWrote(25.0, {}), facts.ProbeFailed(26.0, "cpu", "gone")]

    assert [(31.0, 31.0)] == told_by([facts.StepBegin(0.0), *noise, *clock(31.0)])


def test_a_hook_is_a_sign_of_life() -> None:
    """Evaluation batches every twenty seconds: nothing to tell."""
    stream = [fact for at in (20.0, 40.0, 60.0) for fact in (facts.PredictionStep(at), *clock(at + 10))]

    assert [] == told_by([facts.StepBegin(0.0), *stream])


def test_after_the_end_nobody_is_watched() -> None:
    """A script that goes on for hours after its training is no stalled training."""
    assert [] == told_by([facts.StepBegin(0.0), facts.TrainEnd(1.0, 1, 1.0, None), *clock(100.0)])


def test_the_stack_of_a_thread_says_where_it_waits() -> None:
    """A thread that waits for an event: the innermost call comes last, each with file, line and function."""
    go, waiting = threading.Event(), threading.Event()

    def wait_for_data() -> None:
        waiting.set()
        go.wait(30)

    thread = threading.Thread(target=wait_for_data)
    thread.start()
    waiting.wait(30)
    stack = stack_of(thread.ident or 0)
    go.set()
    thread.join()

    assert any(call.endswith(" wait_for_data") and "test_watchdog.py:" in call for call in stack)
    assert [] == stack_of(thread.ident or 0)


def test_quiet_becomes_one_heartbeat() -> None:
    """A quiet training is told by one line, with the stack, also where the clock alone would have made one."""
    script = FactScript(total_steps=9, steps_per_epoch=9).open().begin().epoch_begin().step(loss=1.0)
    script.add(Quiet, 31.0, ["a.py:1 f"], after=31.0).add(facts.ClockRead, script.clock.wall(), 0.0)
    (beat,) = record(script.facts, level="low").of_type("heartbeat")

    assert (31.0, ["a.py:1 f"]) == (beat.quiet_seconds, beat.stack)
    assert "💓 Alive at step 1, quiet for 31 s" == beat.message
