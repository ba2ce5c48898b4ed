"""When the run will end."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tqdm import tqdm

from benchmarks import eta as benchmark
from verbose_logging.facts import StepEnd
from verbose_logging.meters.eta import Scheduled
from verbose_logging.testing import FactScript, ManualClock, record

SECONDS = st.floats(0.001, 1000.0)


def begun(**options: Any) -> FactScript:
    """Returns a run that has begun; its steps will take a second each."""
    script = FactScript(**{"total_steps": 100, "steps_per_epoch": 50} | options)
    return script.open().begin().epoch_begin()


def timing(script: FactScript) -> dict[str, Any]:
    """Returns the timing of the last step's entry."""
    found: dict[str, Any] = record(script.facts).of_type("training_step_complete")[-1].timing
    return found


def eta_seconds(script: FactScript) -> float:
    """Returns the forecast at the end of the script, in seconds."""
    return 60.0 * timing(script)["eta_minutes"]


def test_steps_are_forecast_at_the_pace_of_the_session() -> None:
    """After 10 of 100 steps of a second, 90 s are left."""
    script = begun()
    for _ in range(10):
        script.step()

    assert pytest.approx(90.0) == eta_seconds(script)


def test_a_resumed_run_is_right_from_its_first_step_on() -> None:
    """At step 51, after one step of this session and a minute of skipping data, 49 s are left."""
    script = begun(first_step=50).step(data_wait=60.1, forward_backward=0.8)

    assert pytest.approx(49.0) == eta_seconds(script)


def test_completion_is_the_step_s_date_and_the_forecast() -> None:
    """The date is that of the end of the step, moved on by the forecast."""
    sink = record(begun().step(loss=1.0).facts)
    step = sink.of_type("training_step_complete")[-1]
    left = timedelta(minutes=step.timing["eta_minutes"])

    assert (
        datetime.fromisoformat(step.timestamp) + left - datetime.fromisoformat(step.timing["estimated_completion"])
    ) < timedelta(milliseconds=1)


def test_without_a_number_of_steps_there_is_no_forecast() -> None:
    """A stream without `max_steps` has no known end, so none is told."""
    script = begun(total_steps=None).step()

    assert not [name for name in timing(script) if name.startswith("eta") or name == "estimated_completion"]


def test_a_stream_with_max_steps_is_forecast_without_epochs() -> None:
    """The number of steps is enough."""
    script = begun(total_steps=10, steps_per_epoch=1_000_000)
    for _ in range(6):
        script.step()

    assert pytest.approx(4.0, abs=1e-4) == eta_seconds(script)


def test_evaluations_and_saves_to_come_count_at_their_measured_cost() -> None:
    """At step 60 of 100: 40 steps; evaluations of 5 s at 60, 80 and 100; saves of 2 s at 75 and 100."""
    script = begun(evaluate_every_steps=20, save_every_steps=25)
    for step in range(1, 61):
        script.step()
        if step in (20, 40):
            script.evaluate(seconds=9.0 if step == 20 else 5.0, eval_loss=1.0)
        if step in (25, 50):
            script.save(seconds=8.0 if step == 25 else 2.0)

    assert pytest.approx(40 + 3 * 5 + 2 * 2) == eta_seconds(script)


def test_evaluations_of_several_data_sets_are_one() -> None:
    """An evaluation of 2 s and one of 3 s at the same step cost 5 s each time."""
    script = begun(evaluate_every_steps=50)
    for step in range(1, 61):
        script.step()
        if step == 50:
            script.evaluate(seconds=2.0, eval_first_loss=1.0).evaluate(seconds=3.0, eval_second_loss=1.0)

    assert pytest.approx(40 + 5) == eta_seconds(script)


def test_saves_that_only_the_best_gets_count_by_their_share() -> None:
    """Due every 10 of 100 steps; of the 5 that were due by step 51 the first 2 were saved, in 4 s: 3 in 6 to come."""
    script = begun(save_every_steps=10)
    for step in range(1, 52):
        script.step()
        if step in (10, 20):
            script.save(seconds=4.0)

    assert pytest.approx(49 + 5 * 3 / 6 * 4) == eta_seconds(script)


def test_what_was_due_before_a_resume_is_not_missed() -> None:
    """The save at step 50 was that of the session before."""
    script = begun(first_step=50, save_every_steps=25)
    for step in range(51, 77):
        script.step()
        if step == 75:
            script.save(seconds=4.0)

    assert pytest.approx(24 + 4) == eta_seconds(script)


def test_an_evaluation_that_was_never_seen_makes_the_range_wide() -> None:
    """Until the first one, a tenth of the time between two is set aside, and more may be needed."""
    plain, evaluating = begun(), begun(evaluate_every_steps=50)
    for _ in range(40):
        plain.step()
        evaluating.step()
    known, unknown = timing(plain), timing(evaluating)

    assert pytest.approx(60 + 2 * 5) == 60 * unknown["eta_minutes"]
    assert pytest.approx(60) == 60 * known["eta_minutes"]
    assert unknown["eta_high_minutes"] >= known["eta_high_minutes"] + 15 / 60


def test_what_is_due_at_the_last_step_still_lies_ahead() -> None:
    """When the last step ends, the evaluation and the save after it are all that is left."""
    script = begun(total_steps=10, evaluate_every_steps=4, save_every_steps=4)
    for step in range(1, 11):
        script.step()
        if step in (4, 8):
            script.evaluate(seconds=3.0, eval_loss=1.0).save(seconds=2.0)

    assert pytest.approx(5.0, abs=1e-4) == eta_seconds(script)


def test_nothing_is_left_at_the_end_of_a_run_that_never_evaluates() -> None:
    """The last step's forecast is 0, and so are both its bounds."""
    script = begun(total_steps=5)
    for _ in range(5):
        script.step()
    found = timing(script)

    assert (0.0, 0.0, 0.0) == (found["eta_minutes"], found["eta_low_minutes"], found["eta_high_minutes"])


@given(st.integers(1, 50), st.integers(1, 200), st.integers(1, 200))
def test_the_schedule_counts_every_multiple_and_the_last_step(every: int, step: int, total: int) -> None:
    """The closed formula equals going through the steps one by one."""
    due = [later for later in range(step, total + 1) if later % every == 0 or later == total]

    assert len(due) == Scheduled(every, unseen_share=0.1).count(step, total)


@given(st.lists(st.tuples(SECONDS, st.booleans(), st.booleans()), min_size=1, max_size=15))
def test_the_forecast_lies_in_its_range(steps: list[tuple[float, bool, bool]]) -> None:
    """Whatever is measured, 0 <= low <= eta <= high."""
    script = begun(evaluate_every_steps=7, save_every_steps=30)
    for seconds, evaluates, saves in steps:
        script.step(forward_backward=seconds)
        if evaluates:
            script.evaluate(seconds=seconds, eval_loss=1.0)
        if saves:
            script.save(seconds=seconds)
    found = timing(script)

    assert 0 <= found["eta_low_minutes"] <= found["eta_minutes"] <= found["eta_high_minutes"]


def test_a_second_attempt_forecasts_from_its_own_steps() -> None:
    """After auto_find_batch_size begins anew, the steps before it say nothing."""
    script = begun()
    for _ in range(10):
        script.step(forward_backward=9.7)
    again = FactScript(total_steps=200, steps_per_epoch=50)
    again.clock.advance(script.clock.monotonic())
    again.begin(attempt=2).epoch_begin().step()
    script.facts.extend(again.facts)

    assert pytest.approx(199 * 0.9) == eta_seconds(script)


errors_on = cache(benchmark.mean_errors)
PREDICTABLE = ["slow first steps", "evaluation and saving", "resume", "speed change, from then on"]
UNFORESEEN = ["speed change"]  # half of the run is over before anybody can know of it
EVEN = ["constant speed", "noisy steps"]  # here elapsed / done x remaining is the best that can be had


def test_every_trace_is_judged() -> None:
    """A trace that is added to the benchmark has to be promised something here."""
    assert sorted(benchmark.TRACES) == sorted(PREDICTABLE + EVEN + UNFORESEEN)


@pytest.mark.parametrize("peer", ["tqdm", "elapsed_fraction"])
def test_error_over_all_runs_is_at_most_half_of_theirs(peer: str) -> None:
    """Over the traces together the mean absolute error is at most half of either peer's."""
    found = benchmark.together(errors_on(name) for name in benchmark.WHOLE_RUNS)

    assert 2 * found.ours <= getattr(found, peer)


@pytest.mark.parametrize("name", PREDICTABLE + EVEN)
def test_error_is_at_most_half_of_tqdm_s(name: str) -> None:
    """Wherever the run can be foreseen the mean absolute error is at most half of what the Trainer's own bar shows."""
    assert 2 * errors_on(name).ours <= errors_on(name).tqdm


@pytest.mark.parametrize("name", PREDICTABLE)
def test_error_is_at_most_half_of_the_elapsed_fraction_s(name: str) -> None:
    """Wherever steps are not all alike the mean absolute error is at most half of that of elapsed / done."""
    assert 2 * errors_on(name).ours <= errors_on(name).elapsed_fraction


@pytest.mark.parametrize("name", EVEN)
def test_error_is_that_of_the_elapsed_fraction_where_steps_are_alike(name: str) -> None:
    """Where nothing beats the plain mean, ours is as good, to within the tenth that its window's noise may cost."""
    assert errors_on(name).ours <= 1.1 * errors_on(name).elapsed_fraction


@pytest.mark.parametrize("name", UNFORESEEN)
def test_error_is_no_worse_where_nobody_can_foresee(name: str) -> None:
    """Over a run that slows down half way, ours is below both, though by little: most of it cannot be avoided."""
    assert errors_on(name).ours < min(errors_on(name).tqdm, errors_on(name).elapsed_fraction)


@pytest.mark.parametrize("name", PREDICTABLE + EVEN)
def test_the_range_holds_the_truth_most_of_the_time(name: str) -> None:
    """On runs whose speed is as it was, at least three moments in five lie in the range."""
    assert errors_on(name).covered >= 0.6


def test_the_benchmark_s_bar_is_tqdm_s() -> None:
    """The arithmetic that ours is compared with is that of the real bar under the same clock."""
    clock = ManualClock()
    bar = tqdm(total=benchmark.STEPS, file=io.StringIO(), smoothing=benchmark.SMOOTHING)
    bar._time = clock.monotonic  # noqa: SLF001 - tqdm takes no clock
    bar.start_t = bar.last_print_t = clock.monotonic()
    imitation = benchmark.Tqdm(clock.monotonic())

    for step, seconds in enumerate((1.0, 1.5, 0.5, 40.0, 1.0, 2.0), start=1):
        clock.advance(seconds)
        bar.update()
        state = bar.format_dict
        said = imitation.left(StepEnd(clock.monotonic(), step, False))
        assert pytest.approx((state["total"] - state["n"]) / state["rate"]) == said


def test_steps_of_milliseconds_share_a_forecast() -> None:
    """The end stays where it was found for a twentieth of a second, and comes nearer by the time that goes by."""
    script = begun(total_steps=1_000)
    for _ in range(20):
        script.step(data_wait=0.0, forward_backward=0.01, optimizer=0.0)
    *_, earlier, last = record(script.facts).of_type("training_step_complete")

    assert earlier.timing["estimated_completion"] == last.timing["estimated_completion"]
    assert pytest.approx(0.01, abs=1e-4) == 60 * (earlier.timing["eta_minutes"] - last.timing["eta_minutes"])
