"""What a Trainer minimises, as far as its classes tell: the kind of its loss, what guessing costs, the schedule."""

from __future__ import annotations

import functools
import math
from typing import Any

from verbose_logging.inspection.next_token import predicts_next_token

_CROSS_ENTROPY_TRAINERS = {"Trainer", "SFTTrainer"}
_PLAIN_LOSSES = {"nll", "chunked_nll", None}
_PREFERENCE_TRAINERS = {"DPOTrainer", "RewardTrainer", "CPOTrainer", "ORPOTrainer", "KTOTrainer", "BCOTrainer"}
_POLICY_TRAINERS = {
    "GRPOTrainer", "RLOOTrainer", "PPOTrainer", "OnlineDPOTrainer", "NashMDTrainer", "XPOTrainer",
}  # fmt: skip
_SCHEDULES = "transformers.optimization"


def objective_of(trainer: Any, lr_scheduler: Any) -> dict[str, Any] | None:
    """Returns `trainer`, `loss`, `chance_loss` and `schedule`, each where it is known.

    Args:
        trainer: The live Trainer; `None` where it could not be reached.
        lr_scheduler: Its scheduler.
    """
    if trainer is None:
        return None
    kind = loss_kind(trainer)
    known = {
        "trainer": type(trainer).__name__,
        "loss": kind,
        "chance_loss": _chance_loss(trainer, kind),
        "schedule": _schedule(trainer, lr_scheduler),
    }
    return {name: value for name, value in known.items() if value is not None}


def bare_model(trainer: Any) -> Any:
    """Returns a Trainer's model without what is wrapped around it: compilation, sharding, adapters."""
    model = trainer.accelerator.unwrap_model(trainer.model)
    return model.get_base_model() if hasattr(model, "get_base_model") else model


def counts_items_of_all_ranks(trainer: Any) -> bool:
    """Returns whether a Trainer divides a step's loss by the labels of all ranks, each of which has its own batch."""
    parallelism = getattr(trainer.accelerator, "parallelism_config", None)
    shares_batches = getattr(parallelism, "non_data_parallel_size", 1) > 1 or trainer.get_tp_size() > 1
    return bool(trainer.args.average_tokens_across_devices) and not shares_batches


def loss_kind(trainer: Any) -> str | None:
    """Returns "token_cross_entropy", "classification", "preference" or "policy"; `None` where it is another."""
    names = {base.__name__ for base in type(trainer).__mro__}
    if names & _POLICY_TRAINERS:  # before preferences: OnlineDPO is both, and its loss hovers around 0
        return "policy"
    if names & _PREFERENCE_TRAINERS:
        return "preference"
    if is_cross_entropy(trainer):
        return "token_cross_entropy"
    return "classification" if _is_classification(trainer) else None


def is_cross_entropy(trainer: Any) -> bool:
    """Returns whether a Trainer's loss is the plain mean cross-entropy of a language model, and nothing added."""
    if _loss_of(trainer) not in _CROSS_ENTROPY_TRAINERS or trainer.compute_loss_func is not None:
        return False
    args, model = trainer.args, bare_model(trainer)
    config = getattr(model, "config", None)
    plain_loss = _loss_type(args) in _PLAIN_LOSSES and not args.label_smoothing_factor
    has_router_loss = getattr(config, "output_router_logits", False) and getattr(config, "router_aux_loss_coef", 0)
    return plain_loss and not has_router_loss and predicts_next_token(model)


def _loss_of(trainer: Any) -> str:
    """Returns the name of the class whose `compute_loss` a Trainer has: one of the user's own may compute anything."""
    return next((kind.__name__ for kind in type(trainer).__mro__ if "compute_loss" in vars(kind)), "")


def _is_classification(trainer: Any) -> bool:
    if _loss_of(trainer) != "Trainer" or trainer.compute_loss_func is not None:
        return False
    model = bare_model(trainer)
    config = getattr(model, "config", None)
    single = getattr(config, "problem_type", None) in {None, "single_label_classification"}
    return type(model).__name__.endswith("Classification") and single and getattr(config, "num_labels", 1) > 1


def _chance_loss(trainer: Any, kind: str | None) -> float | None:
    """Returns the loss of equal probabilities: the logarithm of the number of choices."""
    config = getattr(bare_model(trainer), "config", None)
    if kind == "preference":
        return math.log(2) if _loss_type(trainer.args) in {"sigmoid", None} else None
    choices = getattr(
        config, {"token_cross_entropy": "vocab_size", "classification": "num_labels"}.get(kind or "", ""), 0
    )
    return math.log(choices) if isinstance(choices, int) and choices > 1 else None


def _loss_type(args: Any) -> str | None:
    """Returns TRL's name of the loss, `None` where there is none; DPO has a list of them."""
    named = getattr(args, "loss_type", None)
    return "+".join(map(str, named)) if isinstance(named, list | tuple) else named


def _schedule(trainer: Any, lr_scheduler: Any) -> str | None:
    """Returns the schedule's name, `None` where the user built the scheduler."""
    inner = getattr(lr_scheduler, "scheduler", lr_scheduler)  # accelerate's wrapper
    functions = getattr(inner, "lr_lambdas", ())
    if not functions or any(_home(function) != _SCHEDULES for function in functions):
        return None
    named = trainer.args.lr_scheduler_type
    return str(getattr(named, "value", named))


def _home(function: Any) -> str:
    inner = function.func if isinstance(function, functools.partial) else function
    return str(getattr(inner, "__module__", ""))
