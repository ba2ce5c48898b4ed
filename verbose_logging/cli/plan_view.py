"""A training plan as a person reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from verbose_logging.formatting import byte_size, fixed, percent, thousands

if TYPE_CHECKING:
    from verbose_logging.training.memory import Memory
    from verbose_logging.training.plan import Plan
    from verbose_logging.training.preparation import Preparation


def plan_lines(plan: Plan, prepared: Preparation) -> list[str]:
    """Returns the lines of a plan: what is trained on what, how long, with how much memory, and where it goes."""
    rows = {
        "model": _model(plan, prepared),
        "trained": _trained(plan, prepared),
        "data": _data(plan, prepared),
        "steps": _steps(plan, prepared),
        "learning": _learning(prepared.arguments),
        "evaluation": _interval(prepared.arguments, "eval"),
        "checkpoints": _interval(prepared.arguments, "save"),
        "memory": memory_text(plan.memory),
        "model goes to": f"{prepared.arguments.output_dir}/final",
        "log": _log(prepared),
    }
    width = max(map(len, rows))
    return [f"  {label:<{width}}  {text}" for label, text in rows.items()]


def memory_text(memory: Memory) -> str:
    """Returns the estimate of the memory on each device, with its parts."""
    parts = ("weights", "gradients", "optimizer", "activations")
    known = ", ".join(f"{name} {byte_size(getattr(memory, name))}" for name in parts)
    return f"about {byte_size(memory.total)} on each device: {known}" if memory.total is not None else known


def _model(plan: Plan, prepared: Preparation) -> str:
    name = prepared.config.recipe.model_name
    named = name if isinstance(name, str) else f"a new {name['architecture']}"
    return f"{named}, {thousands(plan.parameters)} parameters"


def _trained(plan: Plan, prepared: Preparation) -> str:
    recipe = prepared.config.recipe
    share = percent(100 * plan.trained_parameters / max(1, plan.parameters))
    how = f" through LoRA of rank {recipe.lora_rank}" if recipe.lora_rank else ""
    quantized = f", the rest in {recipe.quantization}" if recipe.quantization != "none" else ""
    return f"{thousands(plan.trained_parameters)} parameters ({share}){how}{quantized}"


def _data(plan: Plan, prepared: Preparation) -> str:
    held = f", {thousands(plan.eval_rows)} to evaluate on" if plan.eval_rows is not None else ""
    return f"{thousands(plan.rows)} rows of {prepared.shape}{held}, cut at {prepared.arguments.max_length} tokens"


def _steps(plan: Plan, prepared: Preparation) -> str:
    arguments = prepared.arguments
    batch = f"{arguments.per_device_train_batch_size} x {arguments.gradient_accumulation_steps} accumulated"
    devices = f" x {arguments.world_size} processes" if arguments.world_size > 1 else ""
    steps = "as many as packing leaves" if plan.steps is None else thousands(plan.steps)
    epochs = "" if plan.epochs is None else f", {fixed(plan.epochs, 2)} epochs"
    return f"{steps}, each of {plan.rows_per_step} rows ({batch}{devices}){epochs}"


def _learning(arguments: Any) -> str:
    precision = "bfloat16" if arguments.bf16 else "float16" if arguments.fp16 else "float32"
    scheduler = getattr(arguments.lr_scheduler_type, "value", arguments.lr_scheduler_type)
    optimizer = getattr(arguments.optim, "value", arguments.optim)
    return (
        f"rate {arguments.learning_rate:g}, {scheduler}, warm-up {arguments.warmup_steps:g}, {optimizer}, {precision}"
    )


def _interval(arguments: Any, what: str) -> str:
    strategy = getattr(arguments, f"{what}_strategy")
    word = getattr(strategy, "value", strategy)
    texts = {"no": "none", "epoch": "after each epoch", "best": "when it is the best"}
    return texts.get(word) or f"every {getattr(arguments, f'{what}_steps'):g} steps"


def _log(prepared: Preparation) -> str:
    settings = prepared.config.settings
    return "none: use_verbose_logging is not true" if settings is None else settings.log_file
