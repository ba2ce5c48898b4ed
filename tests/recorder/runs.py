"""Runs written down as facts."""

from __future__ import annotations

from verbose_logging.facts import (
    ClockRead,
    FactsDropped,
    RunBroken,
    SystemInspected,
    TrainingInspected,
    UserWrote,
)
from verbose_logging.testing import FactScript


def short_run(*, steps: int = 4, **begin: int) -> FactScript:
    """Returns a run of so many steps in epochs of two, each logged, up to its last step."""
    script = FactScript(total_steps=steps, steps_per_epoch=2).open().begin(**begin)
    for step in range(steps):
        if step % 2 == 0:
            script.epoch_begin()
        script.step(loss=4.0 - step, grad_norm=1.5)
        if step % 2 == 1:
            script.epoch_end()
    return script


def full_run() -> FactScript:
    """Returns a run in which everything happens once."""
    script = FactScript(total_steps=2, steps_per_epoch=2).open()
    script.add(SystemInspected, {"platform": {"system": "Linux"}, "python": {"version": "3.12"}})
    script.add(TrainingInspected, {"per_device_train_batch_size": 8}, {"total_parameters": 10}, {}, {}, {})
    script.begin().epoch_begin().read("memory", {"usage_percent": 95.0}).step(loss=2.0)
    script.evaluate(eval_loss=1.5).save(size_bytes=3_000_000).step(loss=float("nan")).epoch_end()
    script.add(FactsDropped, 3, 1.0, 2.0).add(UserWrote, {"type": "note", "message": "hello"})
    script.add(ClockRead, script.clock.wall() + 40, 0.0, after=40.0)
    return script.add(RunBroken, "failed", {"type": "ValueError"}, {"pipeline": {}})
