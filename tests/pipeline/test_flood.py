"""Steps come faster than they can be written: each is in the log or among those that its gaps count."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace

import pytest

from tests.pipeline.pipelines import HungSink
from verbose_logging.clock import SystemClock
from verbose_logging.entries import EntriesDropped, Entry, TrainingStepComplete
from verbose_logging.facts import ClockRead, Fact, FactsDropped, MicroStep, ProbeRead, RunOpened, TrainBegin, TrainEnd
from verbose_logging.guard import Guard
from verbose_logging.pipeline import Pipeline
from verbose_logging.recorder import recorder_for
from verbose_logging.settings import Settings
from verbose_logging.trainer_taps.step_hooks import step_hooks

STEPS = 3000
FACTS_A_STEP = 6
ROOM = 500


class Flooded:
    """A run of 3,000 steps without any work between them, whose sink is held back until two thirds are done."""

    def __init__(self) -> None:
        self.sink = HungSink()
        self.handled: list[Fact] = []
        self.put = 0
        settings = Settings.from_options(strict=True)
        self._record = recorder_for(settings, Guard(lambda _part, error: pytest.fail(str(error)), strict=True)).handle
        self.pipeline = Pipeline(
            self._handle,
            self.sink,
            clock=SystemClock(),
            on_problem=lambda what, error: pytest.fail(f"{what}: {error}"),
            wake_seconds=0.001,
            max_facts=ROOM,
        )
        self._run()

    def _handle(self, fact: Fact) -> Sequence[Entry]:
        if not isinstance(fact, FactsDropped | ClockRead):
            self.handled.append(fact)
        return self._record(fact)

    def _run(self) -> None:
        self._put_vital(RunOpened(0.0, 0.0, 0.0, "r", 0, 1))
        self._put_vital(TrainBegin(0.0, 0, STEPS, 1, STEPS, STEPS, 1))
        self.pipeline.start()
        entrance = self.pipeline.entrance
        hooks = step_hooks(entrance, gradient_norms=None, ask_model=None, tell=self._tell)
        optimizer = SimpleNamespace(param_groups=[{"lr": 0.1}])
        micro_step = MicroStep(0.0, 0.5, 4, None, None, None, None, None, {})
        control, args = SimpleNamespace(should_log=True), SimpleNamespace(max_grad_norm=1.0)
        assert self.sink.entered.wait(60)
        for step in range(1, STEPS + 1):
            passed = (args, SimpleNamespace(global_step=step), control)
            hooks.on_step_begin(*passed)
            entrance.put(micro_step)
            entrance.put(micro_step)
            hooks.on_pre_optimizer_step(*passed, optimizer=optimizer)
            hooks.on_step_end(*passed)
            hooks.on_log(*passed, logs={"loss": 1.0})
            self.pipeline.put(ProbeRead(float(step), "stub", {"x": 1.0}))
            self.put += FACTS_A_STEP + 1
            if step == 2 * STEPS // 3:
                self.sink.released.set()
        self._put_vital(TrainEnd(float(STEPS), STEPS, 1.0, None))
        assert self.pipeline.close(60)

    def _put_vital(self, fact: Fact) -> None:
        self.put += 1
        self.pipeline.put_vital(fact)

    def _tell(self, part: str, error: Exception) -> None:
        pytest.fail(f"{part}: {error}")


@pytest.fixture(scope="module")
def flooded() -> Flooded:
    """Returns the run once it is over."""
    return Flooded()


def gaps(flooded: Flooded) -> list[EntriesDropped]:
    """Returns the entries that tell of what is missing."""
    return [entry for entry in flooded.sink.entries if isinstance(entry, EntriesDropped)]


def test_every_fact_is_handled_or_counted(flooded: Flooded) -> None:
    """What was put is what was handled and what the gaps count, to the last one."""
    dropped = sum(gap.count for gap in gaps(flooded))

    assert dropped > 0
    assert flooded.put == len(flooded.handled) + dropped


def test_every_step_is_told_or_counted(flooded: Flooded) -> None:
    """The steps in the log and those in its gaps are all that there were; none is half told."""
    steps = [entry.step for entry in flooded.sink.entries if isinstance(entry, TrainingStepComplete)]

    assert STEPS == len(set(steps)) + sum(gap.steps or 0 for gap in gaps(flooded))
    assert sorted(set(steps)) == steps
    assert {1.0} == {entry.metrics["loss"] for entry in flooded.sink.of_type("training_step_complete")}


def test_the_end_is_the_last_entry(flooded: Flooded) -> None:
    """What is missing was told before."""
    assert "training_complete" == flooded.sink.entries[-1].__struct_config__.tag
