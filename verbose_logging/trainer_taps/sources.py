"""Where each number of a Trainer's run comes from, in words that stand in the log."""

from __future__ import annotations

from typing import Any

from verbose_logging.trainer_taps.objectives import is_cross_entropy

_LOGGED = "the Trainer's log"


def metric_sources(trainer: Any, *, loss: bool, gradient_norm: bool) -> dict[str, str]:
    """Returns where each number of a run comes from, the perplexity only where the loss is a cross-entropy per token.

    Args:
        trainer: The live Trainer, `None` where it could not be reached.
        loss: Whether the tap on `training_step` delivers.
        gradient_norm: Whether the tap on the gradient norm delivers.
    """
    sources = {
        "loss": _loss_source(trainer.args) if loss else f"{_LOGGED}: mean since its last log",
        "grad_norm": _norm_source(trainer) if gradient_norm else f"{_LOGGED}: the logged step's",
        "learning_rate": "optimizer.param_groups, before the step",
        "timing": "gaps between hooks, host clock",
    }
    if loss:
        sources |= {"tokens": "the batches given to training_step", "num_tokens": "real tokens, summed"}
    if is_cross_entropy(trainer):
        sources["perplexity"] = "exp(loss)"
    return sources


def _loss_source(args: Any) -> str:
    if args.world_size == 1:
        return "training_step: sum over the step's micro-batches"
    if args.logging_strategy == "steps" and args.logging_steps == 1:
        return f"{_LOGGED}: mean over the ranks; training_step's of this rank where that one is not finite"
    return "training_step: this rank's mean over its own loss tokens"


def _norm_source(trainer: Any) -> str:
    if hasattr(trainer, "_get_grad_norm") or trainer.args.max_grad_norm:
        return "the Trainer's own norm, before clipping"
    return "torch.nn.utils.get_total_norm of gradients that nothing clips"
