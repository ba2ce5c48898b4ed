"""Reaches the live Trainer for what no hook is told: each micro-batch's loss and size, and the gradient norm.

Everything is wrapped on the instance, for the time of one training, and passes arguments, result and exceptions
through untouched. A scalar is copied where it is and read later by the pipeline's thread: the training thread is never
made to wait for its device. A tap that fails is switched off, tells once, and the hooks' own figures take its place.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from time import monotonic
from types import FrameType
from typing import Any

from transformers import Trainer, TrainingArguments

from verbose_logging.capture.device_scalars import copied
from verbose_logging.facts import Deferred, Fact, MicroStep
from verbose_logging.inspection.next_token import predicts_next_token
from verbose_logging.trainer_taps.batch_counts import UNKNOWN, count_batch
from verbose_logging.trainer_taps.objectives import bare_model
from verbose_logging.trainer_taps.opening import counts_items_of_all_ranks

Tell = Callable[[str, Exception], None]


def find_trainer() -> Trainer | None:
    """Returns the Trainer that the present call came from: the nearest frame whose `self` is one."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - a callback is never handed its Trainer
    while frame is not None:
        candidate = frame.f_locals.get("self")
        if isinstance(candidate, Trainer):
            return candidate
        frame = frame.f_back
    return None


def resumed_checkpoint() -> str | None:
    """Returns the checkpoint that the present training resumes from: an argument of the Trainer's own loop."""
    _, checkpoint = _local_of_trainer("resume_from_checkpoint")
    return checkpoint if isinstance(checkpoint, str) else None


def checkpoints_folder(args: TrainingArguments) -> str:
    """Returns where the present training saves; a trial of a search has a folder of its own."""
    trainer, trial = _local_of_trainer("trial")
    folder_of = getattr(trainer, "_get_output_dir", None)
    return str(args.output_dir if trial is None or folder_of is None else folder_of(trial))


def _local_of_trainer(name: str) -> tuple[Trainer | None, Any]:
    """Returns the Trainer that the present call came from and a local of its nearest method that has one so named."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - the state does not tell what these arguments do
    while frame is not None:
        found = frame.f_locals
        if name in found and isinstance(found.get("self"), Trainer):
            return found["self"], found[name]
        frame = frame.f_back
    return None, None


class Wrapper:
    """What stands in the place of a method: a call goes through to it, by way of ours while the tap is on.

    A copy or a pickle of the owner gets the plain method of its own class instead, so that it neither trains nor
    reports for the original.
    """

    def __init__(self, owner: Any, name: str, tapped: Callable[..., Any]) -> None:
        self._owner = owner
        self._name = name
        self._call = tapped
        self._plain = getattr(owner, name)
        functools.update_wrapper(self, self._plain)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Returns what the method returns."""
        return self._call(*args, **kwargs)

    def __reduce__(self) -> tuple[Any, ...]:
        return getattr, (self._owner, self._name)

    def fall_silent(self) -> Any:
        """Passes calls straight on from now on, and returns what they go to."""
        self._call = self._plain
        return self._plain

    @property
    def is_silent(self) -> bool:
        """Whether calls are passed straight on."""
        return self._call is self._plain


class Tap:
    """A method of one object, wrapped for a while.

    Wraps of others survive: one that was there before is called by ours and restored; one that was put over ours stays,
    and ours inside it falls silent. Silent ones of ours are never restored.

    Args:
        owner: The object.
        name: Its method.
        make: Takes the method and returns what is called in its place.
    """

    def __init__(self, owner: Any, name: str, make: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
        self._owner = owner
        self._name = name
        self._previous = owner.__dict__.get(name)
        self._wrapper = Wrapper(owner, name, make(getattr(owner, name)))
        setattr(owner, name, self._wrapper)

    def remove(self) -> None:
        """Falls silent, and restores what was there before unless somebody has wrapped over us since."""
        self._wrapper.fall_silent()
        if self._owner.__dict__.get(self._name) is not self._wrapper:
            return
        previous = self._previous
        while isinstance(previous, Wrapper) and previous.is_silent:
            inner = previous.fall_silent()
            previous = None if inspect.ismethod(inner) and inner.__self__ is self._owner else inner
        if previous is None:
            delattr(self._owner, self._name)
        else:
            setattr(self._owner, self._name, previous)


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


def learning_rates(groups: Any) -> Any:
    """Returns the rate of each parameter group; those that are tensors are read later, by the pipeline's thread."""
    rates = [copied(group["lr"]) for group in groups]
    if all(isinstance(rate, float | int) for rate in rates):
        return tuple(rates)
    return Deferred(lambda: tuple(float(rate) for rate in rates))
