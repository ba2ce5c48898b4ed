"""The quick form of the benchmarks: ratios within one run, with bounds that only a regression of about 3x breaks."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.overhead import together
from benchmarks.subjects import EMPTY, REFERENCE
from verbose_logging.entries import encode_entry
from verbose_logging.testing import FactScript, record

pytestmark = pytest.mark.trainer

STEPS = 300
MICRO_STEP = {"loss": 1.0, "samples": 2, "padded_tokens": 20, "real_tokens": 15, "loss_tokens": 10}


def test_hooks_cost_about_what_a_dictionary_and_a_deque_cost() -> None:
    """At high; about 1x it is."""
    added = together([EMPTY, REFERENCE, "high"], blocks=12)

    assert added["high"]["p50"] <= 3 * added[REFERENCE]["p50"]


def run_of_steps() -> FactScript:
    """Returns a run with every number that a step can have."""
    script = FactScript(total_steps=STEPS, steps_per_epoch=STEPS).open().begin().epoch_begin()
    for _ in range(STEPS):
        script.step(loss=1.0, grad_norm=1.0, gradient_norm=1.0, gradient_norm_limit=1.0, micro_steps=[MICRO_STEP])
    return script.epoch_end().end()


def cpu_seconds(work: Callable[[], object]) -> float:
    """Returns the CPU time of the fastest of three runs."""
    taken = []
    for _ in range(3):
        began = time.thread_time()
        work()
        taken.append(time.thread_time() - began)
    return min(taken)


def test_recording_a_step_costs_a_few_times_what_writing_it_in_plain_python_costs() -> None:
    """Measured against the standard library's JSON of the very same entries; about 10x it is."""
    script = run_of_steps()
    trees = [json.loads(encode_entry(entry)) for entry in record(script.facts).entries]

    assert cpu_seconds(lambda: record(script.facts)) <= 30 * cpu_seconds(lambda: [json.dumps(tree) for tree in trees])
