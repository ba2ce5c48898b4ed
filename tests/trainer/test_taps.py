"""The taps read nothing from a device, survive the wraps of others, and leave no trace."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from transformers import TrainerCallback

from tests.trainer.figures import MakeTrainer, Training, metric
from verbose_logging import VerboseLoggingCallback

pytestmark = pytest.mark.trainer


class CountsReads(torch.overrides.TorchFunctionMode):
    """Counts every read of a tensor's value by the code of this package."""

    READS = ("item", "cpu", "__bool__", "tolist", "numpy", "__float__", "__int__")

    def __init__(self) -> None:
        super().__init__()
        self.ours: list[str] = []

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Notes a read whose caller is ours."""
        if getattr(func, "__name__", "") in self.READS:
            caller = inspect.currentframe()
            files = []
            while caller is not None:
                files.append(caller.f_code.co_filename)
                caller = caller.f_back
            if any("verbose_logging/" in file and "site-packages" not in file for file in files[1:3]):
                self.ours.append(func.__name__)
        return func(*args, **(kwargs or {}))


def test_nothing_of_ours_reads_a_device_on_the_training_thread(train: Training) -> None:
    """At ultra, with every tap on, this package reads no tensor on the training thread."""
    with CountsReads() as reads:
        _, lines = train("ultra", max_steps=12, tensor_learning_rate=1e-3)

    assert [] == reads.ours
    assert pytest.approx([1e-3] * 12) == metric(lines, "learning_rate")


class CountsDispatchedReads(TorchDispatchMode):
    """Counts the values that this thread fetches from their device, whoever asks for them."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Notes a fetch."""
        self.count += func is torch.ops.aten._local_scalar_dense.default  # noqa: SLF001 - what `item` becomes
        return func(*args, **(kwargs or {}))


def test_training_fetches_no_more_values_with_the_callback(make_trainer: MakeTrainer, train: Training) -> None:
    """Below all Python: at ultra, with evaluation and accumulation, as many values as without it are fetched."""
    arguments = {"max_steps": 6, "gradient_accumulation_steps": 2, "eval_strategy": "steps", "eval_steps": 3}
    with CountsDispatchedReads() as bare:
        make_trainer(callbacks=[], **arguments).train()
    with CountsDispatchedReads() as recorded:
        train("ultra", **arguments)

    assert 0 < bare.count == recorded.count


def test_taps_leave_no_trace(make_trainer: MakeTrainer, tmp_path: Any) -> None:
    """After training the Trainer's methods are what they were, with a user's own wrap still in place."""
    trainer = make_trainer(callbacks=[VerboseLoggingCallback(log_file=str(tmp_path / "l.jsonl"), console="off")])
    calls: list[int] = []
    original = trainer.training_step

    def users_wrap(*args: Any, **kwargs: Any) -> Any:
        calls.append(1)
        return original(*args, **kwargs)

    trainer.training_step = users_wrap
    trainer.train()

    assert users_wrap is trainer.training_step
    assert 10 == len(calls)
    assert "_get_grad_norm" not in vars(trainer)
    assert "clip_grad_norm_" not in vars(trainer.accelerator)


def test_a_wrap_put_over_ours_survives(make_trainer: MakeTrainer, tmp_path: Any) -> None:
    """What somebody wraps during training over our tap stays there afterwards, and still works."""

    class Wraps(TrainerCallback):
        """Wraps `training_step` at the second step."""

        def __init__(self) -> None:
            self.trainer: Any = None
            self.calls = 0

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            """Wraps."""
            if state.global_step == 2:
                inner = self.trainer.training_step

                def over(*args: Any, **kwargs: Any) -> Any:
                    self.calls += 1
                    return inner(*args, **kwargs)

                self.trainer.training_step = over

    wraps = Wraps()
    callback = VerboseLoggingCallback(log_file=str(tmp_path / "l.jsonl"), console="off")
    trainer = make_trainer(callbacks=[callback, wraps], max_steps=5)
    wraps.trainer = trainer
    trainer.train()
    trainer.train()
    callback.close()

    assert "over" == trainer.training_step.__name__
    assert wraps.calls > 3


def test_an_exception_ends_the_run_in_the_log_and_passes_on(make_trainer: MakeTrainer, tmp_path: Any) -> None:
    """In a process that lives on, the log says at once how the training ended, and the taps are gone."""

    class Fails(TrainerCallback):
        """Raises at the third step."""

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            """Raises."""
            if state.global_step == 3:
                raise RuntimeError("a user's own mistake")

    log_file = tmp_path / "log.jsonl"
    callback = VerboseLoggingCallback(log_file=str(log_file), console="off")
    trainer = make_trainer(callbacks=[callback, Fails()])
    with pytest.raises(RuntimeError, match="a user's own mistake"):
        trainer.train()

    text = log_file.read_text(encoding="utf-8")
    callback.close()
    assert '"type":"training_failed"' in text.splitlines()[-1]
    assert "a user's own mistake" in text
    assert "training_step" not in vars(trainer)
