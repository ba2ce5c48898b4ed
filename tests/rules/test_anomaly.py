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


def lasting(*phases: tuple[int, float, float], tokens: int = 100, later_tokens: int = 100) -> list[tuple[str, str]]:
    """Returns rule and grown phase of what is told of steps: so many, with so long a wait and so long a pass."""
    total = sum(count for count, _, _ in phases)
    script = FactScript(total_steps=total, steps_per_epoch=total).open().begin().epoch_begin()
    for place, (count, wait, work) in enumerate(phases):
        counted = {"padded_tokens": later_tokens if place else tokens}
        for _ in range(count):
            script.step(data_wait=wait, forward_backward=work, optimizer=0.0, micro_steps=[counted])
    entries = record(script.facts, alerts={"data_starvation": "off"}).of_type("performance_anomaly")
    return [(entry.rule, entry.evidence["grown_phase"]) for entry in entries if "grown_phase" in entry.evidence]


def test_steps_that_have_become_slower_for_good_are_told_with_the_phase() -> None:
    """Twice as slow, in the forward and backward pass."""
    assert [("slow_steps", "forward_backward_seconds")] == lasting((40, 0.0, 0.1), (60, 0.0, 0.2))


def test_a_slower_loader_is_named() -> None:
    """Where the time went."""
    assert [("slow_steps", "data_wait_seconds")] == lasting((40, 0.0, 0.1), (60, 0.15, 0.1))


def test_longer_samples_take_longer() -> None:
    """Twice the tokens in twice the time is no finding."""
    assert [] == lasting((40, 0.0, 0.1), (60, 0.0, 0.2), later_tokens=200)


def test_slowness_of_a_moment_is_not_lasting() -> None:
    """Twenty steps that lose a fifth of a second in all."""
    assert [] == lasting((40, 0.0, 0.01), (20, 0.0, 0.02), (40, 0.0, 0.01))
