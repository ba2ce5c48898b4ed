"""The same log from a plain training loop: a call a step in the place of the Trainer's hooks.

A call reads a clock and appends a few small tuples. Nothing is raised into the loop once it runs, nothing is waited
for, and a scalar that is still on a device stays there until the recorder's thread reads it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from operator import index
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Any

from verbose_logging import crash, facts
from verbose_logging.capture.device_scalars import copied
from verbose_logging.capture.gc_pauses import GcPauses
from verbose_logging.capture.model_state import Ask, LoopState, model_state_asker
from verbose_logging.capture.recordings import discard
from verbose_logging.containment import HookRecord, contained
from verbose_logging.facts import Deferred, Fact
from verbose_logging.inspection import folder_size_bytes
from verbose_logging.loop.course import LoopCourse
from verbose_logging.loop.opening import loop_inspected, loop_resumed, rank_and_world_size
from verbose_logging.options.checks import check_count, check_names
from verbose_logging.session import END_SECONDS, Session
from verbose_logging.settings import Settings

_OPTIONS = ("total_steps", "total_epochs", "config", "model", "resumed_from_step")  # those that are no setting

if TYPE_CHECKING:
    from typing_extensions import Self


class TrainingLogger:
    """Records one run of a plain loop: where it is, how fast, how well, and how it ends.

    Time belongs to what is logged at its end: a step's time runs from the last thing that was logged before it, so log
    each step, evaluation and checkpoint right after it is done. Only rank 0 records.

    Args:
        run_name: A name for people.
        total_steps: Steps of the whole run, for progress and ETA.
        total_epochs: Epochs of the whole run.
        config: The loop's configuration, a mapping or anything with attributes; stands in the log, without secrets.
        model: The model; gives parameter counts, and with `samples` and `tokens` of each step FLOPs and MFU.
        output_dir: Where the run's JSON file goes.
        resumed_from_step: Steps that were finished before.
        resumed_from: The checkpoint that the loop resumes from, by the path that `log_checkpoint` was given. Where the
            log knows of it, this goes on with its run.
        **options: Any other field of `verbose_logging.Settings`.

    Raises:
        SettingsError: An option is unknown, or a value is not usable.

    Example:
        >>> folder = getfixture("tmp_path")
        >>> places = {"output_dir": folder, "log_file": folder / "log.jsonl"}
        >>> with TrainingLogger("toy", total_steps=3, console="off", **places) as logger:
        ...     for step in range(3):
        ...         logger.log_step(step, loss=1.0 / (step + 1))
        >>> "Training complete: 3 steps" in (folder / "log.jsonl").read_text()
        True
    """

    def __init__(  # noqa: PLR0913 - keyword-only, each a thing that a loop may know
        self,
        run_name: str | None = None,
        *,
        total_steps: int | None = None,
        total_epochs: int | None = None,
        config: Any = None,
        model: Any = None,
        output_dir: str | os.PathLike[str] = ".",
        resumed_from_step: int = 0,
        resumed_from: str | os.PathLike[str] | None = None,
        **options: Any,
    ) -> None:
        check_names(options, (*_OPTIONS, *Settings.__struct_fields__))
        counts = {"total_steps": total_steps, "total_epochs": total_epochs}
        for name, count in {**counts, "resumed_from_step": resumed_from_step or None}.items():
            check_count(name, count)
        chosen = Settings.from_options(run_name=run_name, output_dir=output_dir, **options)
        self.settings = chosen.with_environment(os.environ)
        self._planned = (total_steps, total_epochs)
        self._resumed_from_step = resumed_from_step
        self._resumed_from = None if resumed_from is None else os.fspath(resumed_from)
        self._described = (config, model)
        self._session: Session | None = None
        self._course = LoopCourse(began_at=0.0, resumed_from_step=resumed_from_step)
        self._put: Callable[[Fact], None] = discard
        self._gc_pauses: GcPauses | None = None
        self._ask_model: Ask | None = None
        self._begun = not self.settings.enabled
        self._hook_record = HookRecord()

    def __enter__(self) -> Self:
        """Begins the recording, so that the first step's time is known too."""
        self._begin_at()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Records how the loop ended, an exception included, which goes on its way."""
        if error is not None and self._session is not None:
            self._session.break_off(crash.outcome_of(error), crash.describe_exception(error))
        self.close()

    @contained
    def log_step(  # noqa: PLR0913 - keyword-only, each a thing that a step can have
        self,
        step: int,
        *,
        loss: Any = None,
        learning_rate: Any = None,
        grad_norm: Any = None,
        samples: int | None = None,
        tokens: Any = None,
        epoch: float | None = None,
        **metrics: Any,
    ) -> None:
        """Records a step that is done. Any number may be a tensor that is still on its device.

        Args:
            step: The step's number, counted from 0 or from 1, as the first call says.
            loss: Training loss of the step.
            learning_rate: The rate that the step used.
            grad_norm: L2 norm of the gradients before clipping, as `torch.nn.utils.clip_grad_norm_` returns it.
            samples: Rows that the step took, on this rank.
            tokens: Tokens without padding that the step took, on this rank.
            epoch: The epoch that the step belongs to; a new one closes the last.
            **metrics: Any other numbers.
        """
        at, step = self._now(), index(step)  # of numpy's integers one of Python's
        course = self._course
        for fact in course.enter_epoch(epoch):
            self._put(fact)
        put = self._begin_step()
        course.enter_step(step, at=at)
        put(facts.MicroStep(at, copied(loss), samples, None, copied(tokens), None, None, None, {}))
        rates = () if learning_rate is None else Deferred(partial(_as_rates, copied(learning_rate)))
        put(facts.LoopStep(at, rates, gradient_norm=copied(grad_norm)))
        if self._ask_model is not None:
            state = LoopState(step - course.counted_from + 1, self._planned[0], course.epoch)
            self._ask_model(state, self._described[1])
        put(facts.StepEnd(at, step, bool(metrics), course.counted_from))
        if metrics:
            put(facts.Logged(at, _copied(metrics)))

    def _begin_step(self) -> Callable[[Fact], None]:
        """Returns what takes the facts of a step: all of them, or none."""
        return discard if self._session is None else self._session.entrance.begin_step()

    @contained
    def log_evaluation(self, step: int, **metrics: Any) -> None:
        """Records an evaluation that is done: `val_loss`, or whatever its numbers are called."""
        at = self._now()
        self._put(facts.Evaluated(at, index(step), self._course.epoch, _copied(metrics)))
        self._course.touch(at)

    @contained
    def log_checkpoint(self, step: int, path: str | os.PathLike[str], **metrics: Any) -> None:
        """Records a checkpoint that is written: a file or a folder, whose size is measured later."""
        at = self._now()
        size = Deferred(partial(folder_size_bytes, path))
        self._put(facts.Saved(at, index(step), self._course.epoch, os.fspath(path), size, _copied(metrics)))
        self._course.touch(at)

    @property
    def stop_requested(self) -> bool:
        """Whether a finding whose action is "stop" asks for the end of the loop; a look costs nothing."""
        stop = None if self._session is None else self._session.stop
        if stop is None:
            return False
        stop.wake()
        return stop.asked

    def flush(self, timeout: float = END_SECONDS) -> bool:
        """Returns whether everything recorded so far is in the log within so many seconds."""
        return self._session is None or self._session.flush(timeout)

    @contained
    def close(self) -> None:
        """Records the end, where none is recorded yet, and lets go of threads and files; idempotent."""
        session, self._session = self._session, None
        put, self._put = self._put, discard
        self._begun = True
        if session is None:
            return
        if self._gc_pauses is not None:
            self._gc_pauses.stop()
        if not session.ended:
            for fact in self._course.leave():
                put(fact)
            session.end(self._course.step, self._course.epoch)
        session.close()

    def _now(self) -> float:
        """Returns the time; the first call of a loop that was not entered as a context begins the recording."""
        at = monotonic()
        if not self._begun:
            self._begin_at(at)
        return at

    @contained
    def _begin_at(self, at: float | None = None) -> None:
        """Opens the recording, once. Training began at that time, or else when everything is ready."""
        if self._begun:
            return
        self._begun = True
        rank, world_size = rank_and_world_size(os.environ)
        if rank and not self.settings.all_ranks:
            return
        settings = self.settings.for_rank(rank)
        session = Session(settings, rank=rank, world_size=world_size, hook_record=self._hook_record)
        session.open(*loop_resumed(settings.log_path, self._resumed_from, self._resumed_from_step))
        self._session, self._put = session, session.put
        if self.settings.level.dear_readings:
            self._gc_pauses = GcPauses(session.put)
            self._gc_pauses.start()
        state = LoopState(self._resumed_from_step, self._planned[0], 0.0)
        self._ask_model = model_state_asker(
            self.settings, state, put=session.entrance.put, tell=self._hook_record.problems
        )
        session.put_vital(loop_inspected(self.settings, *self._described, world_size=world_size))
        began_at = monotonic() if at is None else at
        self._course.touch(began_at)
        session.begin(facts.TrainBegin(began_at, self._resumed_from_step, *self._planned, None, None, attempt=1))


def _copied(metrics: Mapping[str, Any]) -> dict[str, Any]:
    return {name: copied(value) for name, value in metrics.items()}


def _as_rates(rate: Any) -> tuple[float, ...]:
    """Returns one rate, or that of each parameter group, as numbers."""
    return tuple(map(float, rate)) if isinstance(rate, list | tuple) else (float(rate),)
