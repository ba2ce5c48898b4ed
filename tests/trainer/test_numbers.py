"""Every number is true: each is compared with one that was measured another way."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from transformers import Trainer

from tests.trainer.figures import ROUNDED, MakeTrainer, Training, logged, metric, steps_of

pytestmark = pytest.mark.trainer


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
