"""Training in bfloat16 beside float32 weights, as most people train."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from accelerate.state import AcceleratorState

pytestmark = pytest.mark.trainer


@pytest.fixture(autouse=True)
def _precision_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Accelerate keeps the precision for the whole process, in its state and in the environment."""
    monkeypatch.setenv("ACCELERATE_MIXED_PRECISION", "no")
    AcceleratorState._reset_state()  # noqa: SLF001 - its own tests do so
    yield
    AcceleratorState._reset_state()  # noqa: SLF001


def test_mixed_precision_is_recorded_like_any_other(train: Callable[..., Any]) -> None:
    """Loss and gradient norm of every step are the Trainer's own, and the log says in what it computes."""
    trainer, lines = train("high", bf16=True)
    history = [entry for entry in trainer.state.log_history if "loss" in entry]
    steps = [line["metrics"] for line in lines if line["type"] == "training_step_complete"]
    receipt = next(line["mfu_receipt"] for line in lines if line["type"] == "training_initialization")

    assert "bf16" == receipt["device_dtype"]
    assert [entry["loss"] for entry in history] == pytest.approx([step["loss"] for step in steps], abs=1e-4)
    assert [entry["grad_norm"] for entry in history] == pytest.approx([step["grad_norm"] for step in steps], rel=1e-6)
