"""Every number is true: each is compared with one that was measured another way."""

from __future__ import annotations

import inspect
import math
import time
from collections.abc import Callable
from typing import Any

import pytest
import torch
import transformers
from torch.utils._python_dispatch import TorchDispatchMode
from transformers import Trainer, TrainerCallback

from verbose_logging import VerboseLoggingCallback

pytestmark = pytest.mark.trainer

MakeTrainer = Callable[..., Trainer]
Training = Callable[..., tuple[Any, list[dict[str, Any]]]]

ROUNDED = 5e-5 if transformers.__version__.startswith("4.") else 0.0  # 4.x logs four decimals


def steps_of(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Returns the lines of steps."""
    return [line for line in lines if line["type"] == "training_step_complete"]


def metric(lines: list[dict[str, Any]], name: str) -> list[Any]:
    """Returns one metric of every step, `None` where it is absent."""
    return [line["metrics"].get(name) for line in steps_of(lines)]


def logged(trainer: Trainer, name: str) -> list[float]:
    """Returns what the Trainer itself logged for its steps."""
    return [entry[name] for entry in trainer.state.log_history if "loss" in entry]


@pytest.mark.parametrize("accumulation", [1, 3])
@pytest.mark.parametrize("max_grad_norm", [0.5, 0.0, 100.0])
def test_loss_and_gradient_norm_are_the_trainers(train: Training, accumulation: int, max_grad_norm: float) -> None:
    """Two epochs of 16 batches, so that three do not divide them: each step's figures equal the Trainer's own."""
    trainer, lines = train(
        max_steps=-1, num_train_epochs=2, gradient_accumulation_steps=accumulation, max_grad_norm=max_grad_norm
    )

    assert len(logged(trainer, "loss")) == len(steps_of(lines))
    assert pytest.approx(logged(trainer, "loss"), rel=1e-6, abs=ROUNDED) == metric(lines, "loss")
    if max_grad_norm or not ROUNDED:
        assert pytest.approx(logged(trainer, "grad_norm"), rel=1e-6, abs=ROUNDED) == metric(lines, "grad_norm")


@pytest.mark.parametrize("max_grad_norm", [0.5, 0.0, 100.0])
def test_gradient_norm_is_that_before_clipping(train: Training, max_grad_norm: float) -> None:
    """It equals `torch.nn.utils.get_total_norm` of the gradients that clipping is given."""
    measured: list[float] = []

    class Measuring(Trainer):
        """Measures the gradients right after the backward pass."""

        def training_step(self, model: Any, *args: Any, **kwargs: Any) -> Any:
            """Trains and measures."""
            loss = super().training_step(model, *args, **kwargs)
            gradients = [parameter.grad for parameter in model.parameters() if parameter.grad is not None]
            measured.append(float(torch.nn.utils.get_total_norm(gradients)))
            return loss

    _, lines = train(trainer_class=Measuring, max_grad_norm=max_grad_norm, max_steps=6)

    assert pytest.approx(measured, rel=1e-6) == metric(lines, "grad_norm")


def test_clip_coefficient_is_what_clipping_did(train: Training) -> None:
    """With a limit of 0.5 a norm of g is scaled by 0.5 / g; the share of clipped steps is counted."""
    _, lines = train(max_grad_norm=0.5, max_steps=4, learning_rate=0.0)
    norms, coefficients = metric(lines, "grad_norm"), metric(lines, "clip_coefficient")

    assert pytest.approx([min(1.0, 0.5 / norm) for norm in norms], rel=1e-4) == coefficients
    assert sum(coefficient < 1 for coefficient in coefficients) / 4 == metric(lines, "clipped_share")[-1]


def test_every_step_is_known_however_seldom_the_trainer_logs(make_trainer: MakeTrainer, train: Training) -> None:
    """A run with logging_steps=10 has the same loss and norm at each step as its twin with logging_steps=1."""
    twin = make_trainer(callbacks=[], max_steps=20)
    twin.train()
    _, lines = train(max_steps=20, logging_steps=10)

    assert pytest.approx(logged(twin, "loss"), rel=1e-6, abs=ROUNDED) == metric(lines, "loss")
    assert pytest.approx(logged(twin, "grad_norm"), rel=1e-6, abs=ROUNDED) == metric(lines, "grad_norm")


class TurnsNan(torch.nn.Module):
    """A model whose loss is not a number from its third call on."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model
        self.calls = 0

    def forward(self, input_ids: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
        """Returns the loss, spoilt when its time has come."""
        self.calls += 1
        loss = self.model(input_ids=input_ids, labels=labels).loss
        return {"loss": loss * float("nan") if self.calls == 3 else loss}


def test_a_nan_is_a_nan_at_its_step(train: Training, make_trainer: MakeTrainer) -> None:
    """The Trainer's filter shows another value at step 3; the log says NaN there, and nowhere before."""
    _, lines = train(model=TurnsNan(make_trainer(callbacks=[]).model), max_steps=4, save_strategy="no")
    steps = steps_of(lines)

    assert [None, None, "NaN"] == [step.get("nonfinite", {}).get("metrics.loss") for step in steps[:3]]
    assert None is steps[2]["metrics"]["loss"]
    end = next(line for line in lines if line["type"] == "training_complete")
    assert end["statistics"]["best_loss"] > 0


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


class SlowRows(torch.utils.data.Dataset[dict[str, torch.Tensor]]):
    """Rows that take 20 ms each."""

    def __len__(self) -> int:
        """Returns 48."""
        return 48

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        """Returns a row after 20 ms."""
        time.sleep(0.02)  # the slow disk that is being played
        row = torch.full((8,), index)
        return {"input_ids": row, "labels": row}


def test_the_ledger_blames_the_data_loader(train: Training) -> None:
    """Batches of 4 x 20 ms, an evaluation of a slow model and a slow save: each part gets its own within 10 %."""

    class SlowSaver(Trainer):
        """Takes 300 ms more for a checkpoint, and for an evaluation."""

        def _save_checkpoint(self, *args: Any, **kwargs: Any) -> None:
            time.sleep(0.3)  # the slow disk that is being played
            super()._save_checkpoint(*args, **kwargs)

        def evaluation_loop(self, *args: Any, **kwargs: Any) -> Any:
            """Evaluates, slowly."""
            time.sleep(0.3)  # the large evaluation set that is being played
            return super().evaluation_loop(*args, **kwargs)

    trainer, lines = train(
        trainer_class=SlowSaver, train_dataset=SlowRows(), max_steps=12,
        eval_strategy="steps", eval_steps=4, save_strategy="steps", save_steps=4,
    )  # fmt: skip
    ledger = next(line for line in lines if line["type"] == "training_complete")["time_ledger"]
    parts = [seconds for name, seconds in ledger.items() if name != "total_seconds"]
    by_the_trainer = trainer.state.log_history[-1]["train_runtime"]

    assert pytest.approx(by_the_trainer, rel=0.01) == sum(parts) == ledger["total_seconds"]
    assert pytest.approx(11 * 0.08, rel=0.1) == ledger["data_wait_seconds"]
    assert pytest.approx(3 * 0.3, rel=0.15) == ledger["evaluation_seconds"]
    assert pytest.approx(3 * 0.3, rel=0.15) == ledger["checkpoint_seconds"]


def test_tokens_of_a_known_batch(train: Training) -> None:
    """Rows of 8 with 3 of padding and 2 masked prompt labels: 4 rows, accumulated twice, to the last token."""
    row = {
        "input_ids": torch.tensor([5, 6, 7, 8, 9, 0, 0, 0]),
        "attention_mask": torch.tensor([1, 1, 1, 1, 1, 0, 0, 0]),
        "labels": torch.tensor([-100, -100, 7, 8, 9, -100, -100, -100]),
    }
    _, lines = train(train_dataset=[dict(row) for _ in range(64)], max_steps=3, gradient_accumulation_steps=2)

    assert [64, 64, 64] == metric(lines, "padded_tokens")
    assert [40, 40, 40] == metric(lines, "real_tokens")
    assert [24, 24, 24] == metric(lines, "loss_tokens")
    assert [40, 80, 120] == metric(lines, "num_tokens")
    assert pytest.approx([24 / 64] * 3) == metric(lines, "padding_fraction")


def test_tokens_go_on_after_a_resume(train: Training) -> None:
    """A run of 6 steps, and one that resumes at its step 4, count the same tokens at every step."""
    trainer, lines = train(max_steps=6, save_strategy="steps", save_steps=4)
    whole = metric(lines, "num_tokens")
    checkpoint = f"{trainer.args.output_dir}/checkpoint-4"
    before = len(lines)
    _, lines = train(max_steps=6, resume=checkpoint)
    resumed = lines[before:]

    assert [32 * step for step in range(1, 7)] == whole
    assert whole[4:] == metric(resumed, "num_tokens")
    start = next(line for line in resumed if line["type"] == "training_start")
    assert 4 == start["resumed_from_step"]


class Stopwatch(TrainerCallback):
    """Takes 150 ms in every step, and times each from begin to end: what a run without evaluation consists of."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Starts."""
        self._began = time.monotonic()
        time.sleep(0.15)  # the slow model that is being played

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Stops."""
        self.seconds.append(time.monotonic() - self._began)

    @property
    def rate(self) -> float:
        """Steps per second, without the first two."""
        return len(self.seconds[2:]) / sum(self.seconds[2:])


def test_rates_know_nothing_of_evaluation_and_resume(train: Training, make_trainer: MakeTrainer) -> None:
    """Bare, with evaluation and saving, and resumed, steps per second are those of the steps alone within 5 %."""
    checkpoint = f"{make_trainer(callbacks=[]).args.output_dir}/checkpoint-5"
    runs: list[dict[str, Any]] = [
        {},
        {"eval_strategy": "steps", "eval_steps": 2, "save_strategy": "steps", "save_steps": 5},
        {"resume": checkpoint},
    ]
    for arguments in runs:
        watch = Stopwatch()
        _, lines = train(also=[watch], max_steps=10, **arguments)

        assert pytest.approx(watch.rate, rel=0.05) == steps_of(lines)[-1]["timing"]["steps_per_second"]


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


def test_hooks_alone(train: Training) -> None:
    """Without taps the Trainer's log is the source, the log says so, and what it does not tell is absent."""
    trainer, lines = train(options={"taps": False}, max_steps=4, logging_steps=2)
    sources = next(line for line in lines if line["type"] == "training_initialization")["metric_sources"]

    assert [None, logged(trainer, "loss")[0], None, logged(trainer, "loss")[1]] == metric(lines, "loss")
    assert "log" in sources["loss"]
    assert "tokens" not in sources
    assert [None] * 4 == metric(lines, "real_tokens")


def test_module_norms_are_those_before_clipping(train: Training) -> None:
    """At ultra the modules' norms, squared and summed, give the square of the whole norm, clipped or not."""
    _, lines = train("ultra", options={"module_norms_every": 2}, max_grad_norm=0.1, max_steps=3)
    steps = [line["metrics"] for line in steps_of(lines)]
    modules = [{k: v for k, v in step.items() if k.startswith("grad_norm/")} for step in steps]

    assert [True, False, True] == [bool(found) for found in modules]
    total = math.sqrt(sum(norm**2 for norm in modules[0].values()))
    assert pytest.approx(steps[0]["grad_norm"], rel=1e-3) == total


def test_mfu_is_achieved_over_stated_peak(train: Training) -> None:
    """With a stated peak of 1 TFLOP/s, MFU in percent is a hundred times the achieved TFLOP/s; the receipt says so."""
    _, lines = train(options={"peak_flops": 1e12}, max_steps=8)
    receipt = next(line for line in lines if line["type"] == "training_initialization")["mfu_receipt"]
    last = steps_of(lines)[-1]

    assert (1e12, "stated by the user") == (receipt["peak_flops"], receipt["peak_source"])
    assert pytest.approx(100 * last["metrics"]["tflops_per_second"]) == last["metrics"]["mfu_percent"]
    step_rate = last["timing"]["steps_per_second"]
    achieved = last["metrics"]["model_flops_per_step"] * step_rate / 1e12
    assert pytest.approx(achieved, rel=1e-6) == last["metrics"]["tflops_per_second"]


def test_an_unknown_device_has_no_mfu(train: Training) -> None:
    """On a CPU without a stated peak the achieved TFLOP/s are there, a share of an unknown peak is not."""
    _, lines = train(max_steps=3)
    metrics = steps_of(lines)[-1]["metrics"]

    assert metrics["tflops_per_second"] > 0
    assert "mfu_percent" not in metrics


def test_perplexity_only_where_it_means_something(train: Training) -> None:
    """A causal language model's plain loss has a perplexity; a smoothed one has none."""
    _, lines = train(max_steps=2)
    _, smoothed = train(max_steps=2, label_smoothing_factor=0.3)

    assert pytest.approx([math.exp(loss) for loss in metric(lines, "loss")]) == metric(lines, "perplexity")
    assert [None] * 2 == metric(smoothed, "perplexity")[-2:]


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
