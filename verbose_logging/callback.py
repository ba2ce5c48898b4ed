"""The Trainer's hooks as facts. Besides the taps, the only file that knows the Trainer.

A hook that runs at every step reads a clock and appends a small tuple. Nothing is raised into training, nothing is
waited for, and neither `logs` nor `control` nor any random state is touched.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from time import monotonic
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from verbose_logging import crash, facts
from verbose_logging.capture.model_state import model_state_asker
from verbose_logging.capture.recordings import Recordings
from verbose_logging.containment import HookRecord, contained
from verbose_logging.facts import Fact
from verbose_logging.inspection import inspect_model, inspect_system
from verbose_logging.inspection.redaction import redact
from verbose_logging.machine_readings import current_resource_usage
from verbose_logging.plain import plain
from verbose_logging.session import END_SECONDS, Session
from verbose_logging.settings import Settings
from verbose_logging.trainer_taps import checkpoints_folder, find_trainer, resumed_checkpoint
from verbose_logging.trainer_taps.instruments import Instruments
from verbose_logging.trainer_taps.opening import restored, saved, train_begin, training_inspected
from verbose_logging.trainer_taps.step_hooks import IDLE, StepHooks, step_hooks
from verbose_logging.trainer_taps.stopping import obeying


class VerboseLoggingCallback(TrainerCallback):  # type: ignore[misc]
    """Records a Trainer's runs: where they are, how fast, how well, and how they end.

    One callback can serve several `train()` calls, one after the other; each is a run of its own. Only rank 0 records.

    Args:
        verbosity_level: "low", "medium", "high" or "ultra".
        log_file: The full log, relative to the working directory.
        **options: Any other field of `verbose_logging.Settings`.

    Raises:
        SettingsError: An option or the level is unknown, or a value is not usable.

    Example:
        >>> callback = VerboseLoggingCallback("low", console="off")
        >>> sorted(callback._get_current_resource_usage())[:2]
        ['cpu', 'disk']
    """

    def __init__(
        self, verbosity_level: str = "high", log_file: str = "verbose_training_logs.jsonl", **options: Any
    ) -> None:
        chosen = Settings.from_options(verbosity_level=verbosity_level, log_file=log_file, **options)
        self.settings = chosen.with_environment(os.environ)
        self._use(IDLE)
        self._hook_record = HookRecord()
        self._recordings = Recordings(self.settings, self._hook_record)
        self._instruments = Instruments(self.settings, self._on_exception, self._hook_record.problems)

    @contained
    def on_init_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Watches over the Trainer, because no hook is told of an exception."""
        self._recordings.output_dir = args.output_dir
        trainer = find_trainer()
        if trainer is not None and self.settings.enabled:
            self._instruments.watch(trainer)

    @contained
    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Opens a recording, or goes on with one whose batch size the Trainer has just halved."""
        at = monotonic()
        if not self._records(state):
            return
        recordings = self._recordings
        retry = recordings.is_training and bool(getattr(args, "auto_find_batch_size", False)) and not state.global_step
        recordings.output_dir = args.output_dir
        session = recordings.begin(*self._resumed(args, state), retry=retry, **_place_of(args))
        trainer = find_trainer()
        self._instruments.attach(trainer, session.entrance.put)
        self._inspect(session, args, trainer=trainer, passed=kwargs)
        hooks = step_hooks(
            session.entrance,
            gradient_norms=self._instruments.gradient_norms,
            ask_model=model_state_asker(
                self.settings, state, put=session.entrance.put, tell=self._hook_record.problems
            ),
            tell=self._hook_record.problems,
        )
        self._use(obeying(hooks, session.stop))
        batches = kwargs.get("train_dataloader")
        session.begin(train_begin(args, state, batches, attempt=recordings.attempt, called_at=at))

    def _records(self, state: TrainerState) -> bool:
        return self.settings.enabled and (state.is_world_process_zero or self.settings.all_ranks)

    def _resumed(self, args: TrainingArguments, state: TrainerState) -> list[Fact]:
        """Returns the run that our log knows of the checkpoint that a training resumes from."""
        checkpoint = resumed_checkpoint() if state.global_step else None
        log_path = self.settings.for_rank(args.process_index).log_path
        return [restored(log_path, checkpoint, state.global_step)] if checkpoint else []

    @contained
    def _inspect(self, session: Session, args: TrainingArguments, *, trainer: Any, passed: Mapping[str, Any]) -> None:
        """Describes what will be trained; a run without its description is still a run."""
        sources = self._instruments.sources(trainer)
        session.put_vital(training_inspected(self.settings, args, passed=passed, trainer=trainer, sources=sources))

    @contained
    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Closes the run's account; what follows, an evaluation for example, still belongs to it."""
        self._instruments.detach()
        self._recordings.end(state.global_step, state.epoch or 0.0)

    @contained
    def _on_exception(self, error: BaseException) -> None:
        if self._recordings.is_training:
            self._instruments.detach()
            self._recordings.break_off(crash.outcome_of(error), crash.describe_exception(error))

    def on_step_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """The step's batches are here."""
        self._hooks.on_step_begin(args, state, control, **kwargs)

    def on_substep_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """A micro-batch is done and more follow."""
        self._recordings.put(facts.SubstepEnd(monotonic()))

    def on_pre_optimizer_step(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """The gradients are complete and clipped; the learning rate is the one this step uses."""
        self._hooks.on_pre_optimizer_step(args, state, control, **kwargs)

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """The step is done; `should_log` tells whether the Trainer logs it right after."""
        self._hooks.on_step_end(args, state, control, **kwargs)

    def on_log(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """The Trainer has logged."""
        self._hooks.on_log(args, state, control, **kwargs)

    def _use(self, hooks: StepHooks) -> None:
        """Puts hooks in the place of the methods above, which spares training a call at each; a subclass's own stay."""
        self._hooks = hooks
        for name, hook in hooks._asdict().items():
            if getattr(type(self), name) is getattr(VerboseLoggingCallback, name):
                setattr(self, name, hook)

    @contained
    def on_epoch_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """An epoch begins."""
        self._recordings.put(facts.EpochBegin(monotonic(), state.epoch or 0.0))

    @contained
    def on_epoch_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """An epoch ends."""
        self._recordings.put(facts.EpochEnd(monotonic(), state.global_step, state.epoch or 0.0))

    @contained
    def on_prediction_step(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """An evaluation batch is done."""
        self._recordings.put(facts.PredictionStep(monotonic()))

    @contained
    def on_evaluate(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        metrics: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """An evaluation is done; it may be the first thing that happens."""
        if self._recordings.session is None and self._records(state):
            self._recordings.opened(*self._resumed(args, state), **_place_of(args))
        self._recordings.put(facts.Evaluated(monotonic(), state.global_step, state.epoch or 0.0, dict(metrics or {})))

    @contained
    def on_predict(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        metrics: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """A prediction is done."""
        self._recordings.put(facts.Predicted(monotonic()))

    @contained
    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """A checkpoint is written."""
        self._recordings.put(saved(checkpoints_folder(args), state))

    def flush(self, timeout: float = END_SECONDS) -> bool:
        """Returns whether everything observed so far is in the log within so many seconds."""
        session = self._recordings.session
        return session is None or session.flush(timeout)

    def close(self) -> None:
        """Ends the recording and lets go of its files; the next training opens a new one."""
        self._instruments.detach()
        self._use(IDLE)
        self._recordings.close()

    def _get_comprehensive_system_info(self) -> dict[str, Any]:
        """Returns what is known of the machine, as in the entry `system_initialization`."""
        return inspect_system(folder=self.settings.log_path.parent)

    def _get_current_resource_usage(self) -> dict[str, Any]:
        """Returns a fresh reading of the machine, as in a step's `resource_usage`; takes half a second at most."""
        return current_resource_usage(self.settings, self._hook_record.problems)

    def _get_model_info(self, model: Any) -> dict[str, Any]:
        """Returns parameter counts, size, types and structure of a model."""
        return inspect_model(model)

    def _write_log(self, log_entry: Mapping[str, Any]) -> None:
        """Writes an entry of the user's own; the common keys that it lacks are added, secrets are taken out.

        Args:
            log_entry: Any values; what JSON cannot carry is described instead. Copied before this returns.
        """
        try:
            self._recordings.write(redact(plain(dict(log_entry))))
        except Exception as error:  # noqa: BLE001 - an observer never stops the observed
            self._hook_record.problems("_write_log", error)

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy or a pickle has the same settings and no recording of its own yet."""
        return callback_from_settings, (self.settings,)


def callback_from_settings(settings: Settings) -> VerboseLoggingCallback:
    """Returns a callback with all of these options."""
    return VerboseLoggingCallback(**{name: getattr(settings, name) for name in settings.__struct_fields__})


def _place_of(args: TrainingArguments) -> dict[str, int]:
    """Returns this process's rank and how many there are."""
    return {"rank": args.process_index, "world_size": args.world_size}
