"""Steps that take far longer than usual."""

from __future__ import annotations

import random

from verbose_logging.testing import FactScript, record


def findings(step_times: list[float]) -> list[tuple[str, int]]:
    """Returns state and step of every finding about steps of these lengths, in seconds."""
    script = FactScript(total_steps=len(step_times), steps_per_epoch=len(step_times)).open().begin().epoch_begin()
    for seconds in step_times:
        script.step(loss=1.0, data_wait=0.0, forward_backward=seconds, optimizer=0.0)
    return [(found.state, found.step) for found in record(script.facts).of_type("performance_anomaly")]


def test_a_step_that_loses_seconds_is_found_where_it_was() -> None:
    """One step of 10 s among steps of 1 s."""
    assert [("firing", 16), ("resolved", 17)] == findings([1.0] * 15 + [10.0] + [1.0] * 5)


def test_a_stutter_of_milliseconds_is_no_finding() -> None:
    """One step of 50 ms among steps of 10 ms says nothing."""
    assert [] == findings([0.01] * 15 + [0.05] + [0.01] * 5)


def test_short_steps_that_stay_slow_are_found() -> None:
    """The third slow step in a row counts, however short the steps are."""
    assert ("firing", 18) == findings([0.01] * 15 + [0.05] * 4)[0]


def test_the_first_ten_steps_only_show_what_is_usual() -> None:
    """A slow first step, compilation for example, is no anomaly."""
    assert [] == findings([60.0] + [1.0] * 9)


def test_a_noisy_machine_is_left_in_peace() -> None:
    """Step times that scatter by a factor of two around 20 ms give no finding in 2,000 steps."""
    scatter = random.Random(3)

    assert [] == findings([0.02 * scatter.uniform(0.7, 1.4) for _ in range(2000)])
