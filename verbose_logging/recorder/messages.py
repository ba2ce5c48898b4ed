"""The line for people in every entry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from verbose_logging.facts import SystemInspected, TrainBegin, TrainingInspected
from verbose_logging.formatting import counted, fixed, percent, short_duration, thousands


def system_message(fact: SystemInspected) -> str:
    """Names the machine."""
    info = fact.system_info
    platform = info.get("platform", {})
    python = info.get("python", {}).get("version")
    cores = info.get("cpu", {}).get("logical_count")
    gpus = len(info.get("gpu", {}).get("devices", ()))
    parts = [
        str(platform.get("system", "unknown system")),
        f"Python {python}" if python else "",
        f"{cores} CPU cores" if cores else "",
        counted(gpus, "GPU") if gpus else "no GPU found",
    ]
    return "🖥️ System: " + ", ".join(part for part in parts if part)


def training_message(fact: TrainingInspected) -> str:
    """Names the model and its size."""
    model = fact.model_info
    total = model.get("total_parameters")
    trainable = model.get("trainable_parameters")
    name = model.get("name", "model")
    if total is None:
        return f"🧠 Model: {name}"
    return f"🧠 Model: {name}, {thousands(total)} parameters, {thousands(trainable)} trainable"


def start_message(fact: TrainBegin) -> str:
    """Says what lies ahead."""
    length = counted(fact.total_steps, "step") if fact.total_steps else "an unknown number of steps"
    if fact.total_epochs:
        length += f" in {counted(fact.total_epochs, 'epoch')}"
    if fact.attempt > 1:
        length += f", attempt {fact.attempt}"
    if fact.step:
        return f"🚀 Training resumes after step {fact.step}: {length}"
    return f"🚀 Training starts: {length}"


def epoch_begin_message(epoch: int, batches: int | None) -> str:
    """Announces an epoch."""
    if batches is None:
        return f"📊 Epoch {epoch}: Starting batch iteration"
    return f"📊 Epoch {epoch}: Starting batch iteration over {batches} batches"


def epoch_complete_message(epoch: int, average_loss: float | None, seconds: float) -> str:
    """Sums up an epoch."""
    return f"🎯 Epoch {epoch} completed: avg_loss={fixed(average_loss)}, time={seconds:.2f}s"


def step_message(step: int, loss: float | None) -> str:
    """Tells that a step is done, and its loss where it is known."""
    if loss is None:
        return f"✅ Step {step} completed"
    return f"✅ Step {step} completed - Loss: {loss:.6f}"


def evaluation_message(step: int, losses: Mapping[str, float]) -> str:
    """Gives the evaluation's loss; by its full name where there are several evaluation sets."""
    told = ", ".join(
        f"{name.removeprefix('eval_') if name == 'eval_loss' else name}={fixed(loss)}" for name, loss in losses.items()
    )
    return f"🔎 Evaluation at step {step}" + (f": {told}" if told else "")


def checkpoint_message(step: int, path: str, seconds: float | None) -> str:
    """Names the checkpoint."""
    took = "" if seconds is None else f" in {short_duration(seconds)}"
    return f"💾 Checkpoint at step {step}: {path}{took}"


def progress_message(progress: Mapping[str, Any]) -> str:
    """Says how far the run is."""
    return (
        f"🔄 {percent(progress.get('progress_percent'))} "
        f"({thousands(progress.get('current_step'))}/{thousands(progress.get('total_steps'))} steps)"
    )
