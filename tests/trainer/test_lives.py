"""The lives a callback can lead: attempts, several trainers, searches. Nothing is carried over."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import Trainer, TrainerCallback

from tests.trainer.several_runs import MakeTrainer, runs_of, step_numbers_of
from verbose_logging import VerboseLoggingCallback

pytestmark = pytest.mark.trainer


class RunsOut(torch.nn.Module):
    """A model that runs out of memory in batches of more than two rows."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
        """Returns the loss of a small batch."""
        if len(input_ids) > 2:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return {"loss": self.model(input_ids=input_ids, labels=labels).loss}


def test_every_attempt_with_a_smaller_batch_is_told(
    make_trainer: MakeTrainer, callback: VerboseLoggingCallback, log_file: Path
) -> None:
    """`auto_find_batch_size` goes down from 8 until it fits: one run, each attempt begins at step 0."""
    model = RunsOut(make_trainer(callbacks=[]).model)
    trainer = make_trainer(
        callbacks=[callback], model=model, auto_find_batch_size=True, per_device_train_batch_size=8, max_steps=3
    )
    trainer.train()

    (lines,) = runs_of(log_file)
    starts = [line for line in lines if line["type"] == "training_start"]
    assert list(range(1, len(starts) + 1)) == [start["attempt"] for start in starts]
    assert len(starts) >= 2
    assert [1, 2, 3] == step_numbers_of(lines)
    assert ["training_complete"] == [line["type"] for line in lines if line["type"].startswith("training_comp")]


def test_one_callback_in_two_trainers(
    make_trainer: MakeTrainer, callback: VerboseLoggingCallback, log_file: Path
) -> None:
    """Two trainers, one after the other: two runs, each from its first step to its end."""
    for steps in (2, 3):
        make_trainer(callbacks=[callback], max_steps=steps).train()

    first, second = runs_of(log_file)
    assert ([1, 2], [1, 2, 3]) == (step_numbers_of(first), step_numbers_of(second))
    assert [1] == [line["seq"] for line in second if line["type"] == "system_initialization"]
    assert 3 == second[-1]["statistics"]["current_step"]


def test_training_again_after_an_exception(
    make_trainer: MakeTrainer, callback: VerboseLoggingCallback, log_file: Path
) -> None:
    """A notebook's second try is a run of its own, and the first one's end says what went wrong."""

    class FailsOnce(TrainerCallback):
        """Raises at the second step of the first training."""

        failed = False

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            """Raises once."""
            if state.global_step == 2 and not self.failed:
                self.failed = True
                raise RuntimeError("once")

    trainer = make_trainer(callbacks=[callback, FailsOnce()], max_steps=3)
    with pytest.raises(RuntimeError, match="once"):
        trainer.train()
    trainer.train()

    first, second = runs_of(log_file)
    assert ("training_failed", "once") == (first[-1]["type"], first[-1]["exception"]["message"])
    assert [1, 2, 3] == step_numbers_of(second)
    assert "training_complete" == second[-1]["type"]


def test_a_callback_added_late_sees_exceptions_too(
    make_trainer: MakeTrainer, callback: VerboseLoggingCallback, log_file: Path
) -> None:
    """`add_callback` after the Trainer is made: the run is recorded, and its failure once training is under way."""

    class Fails(TrainerCallback):
        """Raises at the second step."""

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            """Raises."""
            if state.global_step == 2:
                raise RuntimeError("late")

    trainer = make_trainer(callbacks=[Fails()], max_steps=3)
    trainer.add_callback(callback)
    with pytest.raises(RuntimeError, match="late"):
        trainer.train()
    callback.flush()

    (lines,) = runs_of(log_file)
    assert [1] == step_numbers_of(lines)[:1]
    if hasattr(trainer, "_run_epoch"):
        assert "training_failed" == lines[-1]["type"]


def test_a_search_with_two_trials_is_two_runs(
    make_trainer: MakeTrainer, callback: VerboseLoggingCallback, log_file: Path
) -> None:
    """Each trial trains a new model in the same Trainer; each is a run with its own rate and folder of checkpoints."""
    optuna = pytest.importorskip("optuna", reason="the search needs optuna")
    optuna.logging.disable_default_handler()
    trainer = make_trainer(
        callbacks=[callback], max_steps=2, eval_strategy="steps", eval_steps=2, save_strategy="steps", save_steps=2
    )
    make_model = trainer.model.__class__
    config = trainer.model.config
    trainer.model_init = lambda _trial=None: make_model(config)
    trainer.hyperparameter_search(
        hp_space=lambda trial: {"learning_rate": trial.suggest_categorical("learning_rate", [1e-3, 1e-4])},
        n_trials=2,
        backend="optuna",
    )

    runs = runs_of(log_file)
    checkpoints = [Path(line["path"]) for lines in runs for line in lines if line["type"] == "model_checkpoint_save"]
    assert [[1, 2], [1, 2]] == [step_numbers_of(lines) for lines in runs]
    assert ["run-0/checkpoint-2", "run-1/checkpoint-2"] == ["/".join(path.parts[-2:]) for path in checkpoints]
    assert all(path.is_dir() for path in checkpoints)


def test_two_callbacks_leave_nothing_behind(make_trainer: MakeTrainer, tmp_path: Path) -> None:
    """Two of ours on one Trainer, three trainings: both logs are whole and the methods are plain again."""
    both = [VerboseLoggingCallback("low", log_file=str(tmp_path / f"{name}.jsonl"), console="off") for name in "ab"]
    trainer = make_trainer(callbacks=both, max_steps=2)
    for _ in range(3):
        trainer.train()
        assert {"training_step", "_get_grad_norm"}.isdisjoint(vars(trainer))
    for callback in both:
        callback.close()

    assert [3, 3] == [len(runs_of(tmp_path / f"{name}.jsonl")) for name in "ab"]


def test_a_copy_of_a_trainer_trains_itself(make_trainer: MakeTrainer, callback: VerboseLoggingCallback) -> None:
    """After a training, a deep copy can be made; it trains on its own and not for the original."""
    trainer = make_trainer(callbacks=[callback], max_steps=2)
    trainer.train()
    other = copy.deepcopy(trainer)
    other.args.max_steps = 3
    other.train()

    assert (2, 3) == (trainer.state.global_step, other.state.global_step)
    for each in other.callback_handler.callbacks:
        if isinstance(each, VerboseLoggingCallback):
            each.close()


def test_a_callback_can_be_pickled(callback: VerboseLoggingCallback) -> None:
    """A search that pickles its trainer gets a callback with the same settings."""
    again = pickle.loads(pickle.dumps(callback))  # noqa: S301 - our own bytes

    assert callback.settings == again.settings


def test_a_prediction_within_training_spoils_no_later_time(
    make_trainer: MakeTrainer, callback: VerboseLoggingCallback, log_file: Path
) -> None:
    """`predict` tells no end to the evaluation that it looks like; the steps after it have their full time."""

    class Predicts(TrainerCallback):
        """Predicts after the second step, and makes logging slow."""

        trainer: Trainer

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            """Predicts."""
            if state.global_step == 2:
                self.trainer.predict(self.trainer.eval_dataset)

    predicts = Predicts()
    trainer = make_trainer(callbacks=[callback, predicts], max_steps=6)
    predicts.trainer = trainer
    trainer.train()

    (lines,) = runs_of(log_file)
    steps = [line["timing"]["step_time_seconds"] for line in lines if line["type"] == "training_step_complete"]
    ledger = lines[-1]["time_ledger"]
    inside = sum(steps) + sum(ledger[f"{part}_seconds"] for part in ("startup", "evaluation", "checkpoint", "other"))
    assert pytest.approx(ledger["total_seconds"], rel=0.05) == inside
    assert ledger["logging_seconds"] > 0


def test_several_evaluation_sets_keep_apart(
    make_trainer: MakeTrainer, callback: VerboseLoggingCallback, log_file: Path
) -> None:
    """Each set has its own last and best loss, and its own name in the message and at the checkpoint."""
    trainer = make_trainer(
        callbacks=[callback], max_steps=4, eval_strategy="steps", eval_steps=2, save_strategy="steps", save_steps=2
    )
    trainer.eval_dataset = {"a": trainer.eval_dataset, "b": trainer.train_dataset[:4]}
    trainer.train()

    (lines,) = runs_of(log_file)
    checkpoint = next(line for line in lines if line["type"] == "model_checkpoint_save")
    evaluation = next(line for line in lines if line["type"] == "evaluation_complete")
    assert {"eval_a_loss", "eval_b_loss"} <= checkpoint["metrics"].keys()
    assert "eval_a_loss=" in evaluation["message"]
    assert {"best_eval_a_loss", "best_eval_b_loss"} <= lines[-1]["statistics"].keys()


def test_an_evaluation_before_the_training_is_recorded(
    make_trainer: MakeTrainer, callback: VerboseLoggingCallback, log_file: Path
) -> None:
    """What a model could do before it was trained stands at step 0 of the run."""
    trainer = make_trainer(callbacks=[callback], max_steps=2)
    measured = trainer.evaluate()["eval_loss"]
    trainer.train()

    (lines,) = runs_of(log_file)
    evaluation = next(line for line in lines if line["type"] == "evaluation_complete")
    assert (0, measured) == (evaluation["step"], evaluation["metrics"]["eval_loss"])
    assert "duration_seconds" not in evaluation
    assert [1, 2] == step_numbers_of(lines)
    assert lines[-1]["time_ledger"]["evaluation_seconds"] == 0


def test_what_never_trained_is_not_interrupted(callback: VerboseLoggingCallback, log_file: Path) -> None:
    """A note written without a training is a note, not a run that broke off."""
    callback._write_log({"type": "note"})  # noqa: SLF001 - the documented method
    callback._recordings.session._at_exit()  # type: ignore[union-attr] # noqa: SLF001 - what the interpreter calls at its end

    assert "training_interrupted" not in log_file.read_text(encoding="utf-8")
