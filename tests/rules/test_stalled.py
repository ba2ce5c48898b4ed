"""Training that has come to a halt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from verbose_logging.facts import Quiet
from verbose_logging.testing import FactScript, record

WAITS = ["/x/trainer.py:1 _inner_training_loop", "/x/torch/utils/data/dataloader.py:9 _try_get_data"]
SAVES = ["/x/trainer.py:1 _inner_training_loop", "/x/trainer.py:2 _save_checkpoint", "/x/serialize.py:3 write"]
COMPILES = ["/x/trainer.py:1 training_step", "/x/torch/_dynamo/convert_frame.py:3 compile"]


def findings(*, quiet: Sequence[float], stack: list[str], steps: int = 5, seconds: float = 1.0) -> list[Any]:
    """Returns what is found in a run of even steps that then is quiet for so long, and then has a step again."""
    script = FactScript(total_steps=100, steps_per_epoch=100).open().begin().epoch_begin()
    for _ in range(steps):
        script.step(loss=1.0, data_wait=0.0, forward_backward=seconds, optimizer=0.0)
    for length in quiet:
        script.add(Quiet, length, stack, after=30.0)
    script.step(loss=1.0)
    return [entry for entry in record(script.facts).entries if getattr(entry, "rule", "") == "stalled"]


def test_a_halt_is_told_once_with_the_stack_and_resolved() -> None:
    """A second a step, then nothing for a minute and a half: one finding at its step, over with the next step."""
    firing, resolved = findings(quiet=[30.0, 61.0, 91.0], stack=WAITS)

    assert ("firing", "resolved") == (firing.state, resolved.state)
    assert (61.0, 60.0, 1.0, WAITS) == tuple(
        firing.evidence[key] for key in ("quiet_seconds", "limit_seconds", "usual_step_seconds", "stack")
    )
    assert "No sign of life from training for 1 min 1 s" in firing.message
    assert "_try_get_data (dataloader.py:9)" in firing.message
    assert "data loader" in firing.suggestion


@pytest.mark.parametrize(
    ("expected", "quiet", "run"),
    [
        (0, 59.0, {"stack": WAITS}),
        (0, 199.0, {"stack": WAITS, "seconds": 20.0}),
        (1, 201.0, {"stack": WAITS, "seconds": 20.0}),
        (0, 1700.0, {"stack": SAVES}),
        (1, 1900.0, {"stack": SAVES}),
        (0, 1700.0, {"stack": COMPILES}),
        (0, 1700.0, {"stack": WAITS, "steps": 0}),
        (1, 1900.0, {"stack": WAITS, "steps": 0}),
        (1, 100.0, {"stack": []}),
    ],
)
def test_what_may_take_long_is_given_time(expected: int, quiet: float, run: dict[str, Any]) -> None:
    """Ten usual steps and a minute; half an hour for saving, compiling and a first step."""
    assert expected == len([found for found in findings(quiet=[quiet], **run) if found.state == "firing"])
