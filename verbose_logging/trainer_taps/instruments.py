"""Everything that is attached to a live Trainer for the time of one training, and taken off again."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from functools import partial
from typing import Any

from transformers import Trainer

from verbose_logging.capture.gc_pauses import GcPauses
from verbose_logging.facts import Fact
from verbose_logging.settings import Settings
from verbose_logging.trainer_taps.gradient_norms import module_norms, total_norm
from verbose_logging.trainer_taps.sources import metric_sources
from verbose_logging.trainer_taps.taps import Tell, TrainerTaps
from verbose_logging.trainer_taps.wrapping import Tap


class Instruments:
    """The taps, the watch for exceptions and the ear for garbage collection of one callback.

    Args:
        settings: All options.
        on_exception: Told of the exception that ends a training, on its way out.
        tell: Told once of a part that failed.
    """

    def __init__(self, settings: Settings, on_exception: Callable[[BaseException], None], tell: Tell) -> None:
        self._settings = settings
        self._on_exception = on_exception
        self._tell = tell
        self._watched: weakref.WeakSet[Trainer] = weakref.WeakSet()
        self._late_watch: Tap | None = None
        self._taps: TrainerTaps | None = None
        self._gc_pauses: GcPauses | None = None
        self._measures_total = self._measures_modules = False

    def watch(self, trainer: Trainer) -> None:
        """Watches over every `train` of a Trainer, because no hook is told of an exception."""
        if trainer not in self._watched:
            self._watched.add(trainer)
            Tap(trainer, "train", self._watching)

    def attach(self, trainer: Trainer | None, put: Callable[[Fact], None]) -> None:
        """Attaches what one training needs; what an earlier one left is taken off first."""
        self.detach()
        if self._settings.level.dear_readings:
            self._gc_pauses = GcPauses(put)
            self._gc_pauses.start()
        if trainer is None:
            return
        self._watch_late(trainer)
        if self._settings.taps:
            self._tap(trainer, put)

    def _tap(self, trainer: Trainer, put: Callable[[Fact], None]) -> None:
        """Taps a Trainer, where it lets itself be tapped; otherwise the hooks' own figures stand."""
        try:
            self._taps = taps = TrainerTaps(trainer, put, self._tell)
            taps.install()
            self._measures_total = taps.gradients_are_whole and not trainer.args.max_grad_norm
            self._measures_modules = taps.gradients_are_whole and self._settings.level.dear_readings
        except Exception as error:  # noqa: BLE001 - an observer never stops the observed
            self._tell("taps", error)
            if self._taps is not None:
                self._taps.remove()
            self._taps = None

    def detach(self) -> None:
        """Takes everything off again that belongs to one training; idempotent."""
        if self._taps is not None:
            self._taps.remove()
        if self._late_watch is not None:
            self._late_watch.remove()
        if self._gc_pauses is not None:
            self._gc_pauses.stop()
        self._taps = self._late_watch = self._gc_pauses = None

    def sources(self, trainer: Trainer | None) -> dict[str, str]:
        """Returns where each number of this training comes from."""
        return metric_sources(
            trainer,
            loss=self._taps is not None and self._taps.is_on("training_step"),
            gradient_norm=self._taps is not None and self._taps.is_on("gradient_norm"),
        )

    @property
    def gradient_norms(self) -> Callable[[Any, int], tuple[Any, Any]] | None:
        """What reads the gradient norms of this training's steps; `None` where nothing can."""
        return None if self._taps is None else partial(self._read_gradient_norms, self._taps)

    def _read_gradient_norms(self, taps: TrainerTaps, model: Any, step: int) -> tuple[Any, Any]:
        """Returns the step's gradient norm before clipping and each module's as it stands, `None` where not known.

        Modules are measured at ultra and every so many steps; the total is where the Trainer, transformers 4 without
        clipping, does not do it.
        """
        norm = taps.take_gradient_norm()
        if norm is None and self._measures_total:
            norm = total_norm(model)
        if self._measures_modules and step % self._settings.module_norms_every == 0:
            return norm, module_norms(model)
        return norm, None

    def _watch_late(self, trainer: Trainer) -> None:
        """Watches over the epochs of a Trainer that we were added to after its making, where it has such a method.

        With `auto_find_batch_size` an exception may only mean another attempt, so nothing is watched then.
        """
        if trainer in self._watched or trainer.args.auto_find_batch_size or not hasattr(trainer, "_run_epoch"):
            return
        self._late_watch = Tap(trainer, "_run_epoch", self._watching)

    def _watching(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any, **kwargs: Any) -> Any:
            try:
                return method(*args, **kwargs)
            except BaseException as error:
                self._on_exception(error)
                raise

        return watched
