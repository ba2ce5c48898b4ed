"""Reaches the live Trainer for what no hook is told: each micro-batch's loss and size, and the gradient norm.

Everything is wrapped on the instance, for the time of one training, and passes arguments, result and exceptions
through untouched. A scalar is copied where it is and read later by the pipeline's thread: the training thread is never
made to wait for its device. A tap that fails is switched off, tells once, and the hooks' own figures take its place.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any

from transformers import Trainer

from verbose_logging.capture.device_scalars import copied
from verbose_logging.facts import Fact, MicroStep
from verbose_logging.inspection.next_token import predicts_next_token
from verbose_logging.trainer_taps.batch_counts import UNKNOWN, count_batch
from verbose_logging.trainer_taps.objectives import bare_model, counts_items_of_all_ranks
from verbose_logging.trainer_taps.wrapping import Tap

Tell = Callable[[str, Exception], None]


class TrainerTaps:
    """The taps of one training.

    Args:
        trainer: The live Trainer.
        put: Takes facts.
        tell: Told once of a tap that failed and was switched off.

    Attributes:
        gradient_norm: The norm before clipping of the step under way, once it is known.
    """

    def __init__(self, trainer: Trainer, put: Callable[[Fact], None], tell: Tell) -> None:
        self._trainer = trainer
        self._put = put
        self._tell = tell
        self._taps: list[Tap] = []
        self._silent: set[str] = set()
        self.gradient_norm: Any = None
        self._shifts_labels = predicts_next_token(bare_model(trainer))
        self._items_are_of_all_ranks = counts_items_of_all_ranks(trainer)

    def install(self) -> None:
        """Wraps `training_step` and whatever computes the gradient norm in this version of transformers."""
        self._taps.append(Tap(self._trainer, "training_step", self._around_training_step))
        if hasattr(self._trainer, "_get_grad_norm"):
            self._taps.append(Tap(self._trainer, "_get_grad_norm", self._around_gradient_norm))
        else:
            self._taps.append(Tap(self._trainer.accelerator, "clip_grad_norm_", self._around_gradient_norm))

    def remove(self) -> None:
        """Takes every tap away again; idempotent."""
        self._silent |= {"counting", "training_step", "gradient_norm"}
        while self._taps:
            self._taps.pop().remove()

    def take_gradient_norm(self) -> Any:
        """Returns the norm of the step under way and forgets it."""
        norm, self.gradient_norm = self.gradient_norm, None
        return norm

    @property
    def gradients_are_whole(self) -> bool:
        """Whether this rank holds whole gradients at their true scale, so that it can measure them by itself."""
        accelerator = self._trainer.accelerator
        sharded = str(accelerator.distributed_type).rsplit(".", 1)[-1] in {"DEEPSPEED", "FSDP", "MEGATRON_LM"}
        return not sharded and getattr(accelerator, "scaler", None) is None

    def is_on(self, tap: str) -> bool:
        """Returns whether a tap ("training_step", "gradient_norm") delivers."""
        return bool(self._taps) and tap not in self._silent

    def _around_training_step(self, training_step: Callable[..., Any]) -> Callable[..., Any]:
        def tapped(*args: Any, **kwargs: Any) -> Any:
            counts = self._guarded("counting", self._count, args, kwargs) or UNKNOWN
            loss = training_step(*args, **kwargs)
            self._guarded("training_step", self._report, loss, counts, args, kwargs)
            return loss

        return tapped

    def _count(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Counts before the step runs, because a user's `compute_loss` may take the labels out of the batch."""
        inputs = args[1] if len(args) > 1 else kwargs.get("inputs")
        return count_batch(inputs, shifts_labels=self._shifts_labels)

    def _report(self, loss: Any, counts: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        items = args[2] if len(args) > 2 else kwargs.get("num_items_in_batch")  # noqa: PLR2004 - its position
        self._put(
            MicroStep(
                monotonic(),
                loss=copied(loss),
                samples=counts.samples,
                padded_tokens=counts.padded_tokens,
                real_tokens=counts.real_tokens,
                loss_tokens=counts.loss_tokens,
                squared_lengths=counts.squared_lengths,
                items_in_batch=copied(items) if self._items_are_of_all_ranks else None,
                shapes=counts.shapes,
            )
        )

    def _around_gradient_norm(self, compute: Callable[..., Any]) -> Callable[..., Any]:
        def tapped(*args: Any, **kwargs: Any) -> Any:
            norm = compute(*args, **kwargs)
            self._guarded("gradient_norm", self._keep_gradient_norm, norm)
            return norm

        return tapped

    def _keep_gradient_norm(self, norm: Any) -> None:
        self.gradient_norm = copied(norm)

    def _guarded(self, tap: str, function: Callable[..., Any], *args: Any) -> Any:
        if tap in self._silent:
            return None
        try:
            return function(*args)
        except Exception as error:  # noqa: BLE001 - an observer never stops the observed
            self._silent.add(tap)
            self._tell(f"tap on {tap}", error)
            return None
