"""Fine-tuning from a config, with TRL and real weights: the guide's, a resumed one, one in a session."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from datasets import IterableDataset
from transformers import AutoModelForCausalLM, AutoTokenizer

from tests.logs import read_lines
from tests.trainer.configs import GUIDE, MODEL, QUICK, TEXTS, saved_tokenizer
from verbose_logging import callbacks_from_config, train_with_config
from verbose_logging.errors import SettingsError
from verbose_logging.training.train import TrainingResult

pytestmark = pytest.mark.trainer


@pytest.fixture(scope="module")
def guide_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, TrainingResult]]:
    """The guide's config, run as it is written; its folder and its result."""
    folder = tmp_path_factory.mktemp("guide")
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield folder, train_with_config(config=GUIDE)
    finally:
        os.chdir(before)


def test_the_guides_config_runs_as_written(guide_run: tuple[Path, TrainingResult]) -> None:
    """All its steps are done and recorded, and its checkpoints are where it says."""
    folder, result = guide_run

    assert 60 == result.steps
    assert "complete" == result.summary["outcome"]
    assert folder / "results" == result.run_file.parent
    assert {"checkpoint-25", "checkpoint-50", "final"} <= {path.name for path in (folder / "results").iterdir()}
    assert 60 == sum(entry["type"] == "training_step_complete" for entry in read_lines(result.log_file))


def test_the_guides_numbers_reach_the_trainer(guide_run: tuple[Path, TrainingResult]) -> None:
    """Batch, accumulation, learning rate and warm-up are those of the config."""
    _, result = guide_run
    arguments = next(entry["training_args"] for entry in read_lines(result.log_file) if "training_args" in entry)

    names = [
        "per_device_train_batch_size",
        "gradient_accumulation_steps",
        "learning_rate",
        "warmup_steps",
        "max_length",
    ]
    assert [2, 4, 2e-4, 5, 2048] == [arguments[name] for name in names]


def test_the_trained_model_can_be_loaded(guide_run: tuple[Path, TrainingResult]) -> None:
    """`output_dir/final` holds the model with its tokenizer."""
    folder, result = guide_run
    final = folder / result.model_path

    assert 2 == AutoModelForCausalLM.from_pretrained(final).config.num_hidden_layers
    assert "to be" == AutoTokenizer.from_pretrained(final).decode(
        AutoTokenizer.from_pretrained(final)("to be")["input_ids"]
    )


def test_a_model_in_a_folder_is_trained_on(guide_run: tuple[Path, TrainingResult], quick: Any) -> None:
    """A local folder is a model's name, and brings its tokenizer."""
    folder, result = guide_run

    assert 3 == quick(model_name=str(folder / result.model_path)).steps


def test_without_logging_no_file_of_ours_appears(quick: Any, tmp_path: Path) -> None:
    """A config that does not ask for the recorder leaves the model and nothing else."""
    result = quick()

    assert (None, {}) == (result.log_file, result.summary)
    assert [Path("results")] == [path.relative_to(tmp_path) for path in tmp_path.iterdir()]
    assert {"final", "README.md"} >= {path.name for path in (tmp_path / "results").iterdir()}


def test_a_session_keeps_its_files_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a session id the logs and the model lie below `training_sessions/ID`."""
    monkeypatch.chdir(tmp_path)
    result = train_with_config({**QUICK, "use_verbose_logging": True}, session_id="run-7")

    assert tmp_path / "training_sessions" / "run-7" / "logs" / "verbose_training_logs.jsonl" == result.log_file
    assert Path("training_sessions/run-7/final") == result.model_path
    assert result.log_file.parent == result.run_file.parent
    assert ["training_sessions"] == [path.name for path in tmp_path.iterdir()]


@pytest.mark.parametrize("session_id", ["../up", "", ".", "a/b", "a b"])
def test_a_session_id_is_no_path(session_id: str) -> None:
    """What would leave the folder is refused."""
    with pytest.raises(SettingsError, match="session_id: got"):
        train_with_config(QUICK, session_id=session_id)


def test_a_run_is_resumed(quick: Any) -> None:
    """`resume_from_checkpoint: true` goes on from the newest checkpoint."""
    quick(save_strategy="steps", save_steps=3)

    result = quick(max_steps=5, resume_from_checkpoint=True, use_verbose_logging=True)

    start = next(entry for entry in read_lines(result.log_file) if entry["type"] == "training_start")
    assert (5, 3) == (result.steps, start["resumed_from_step"])


def test_nothing_to_resume_is_told_before_loading(quick: Any) -> None:
    """Without a checkpoint a wish to resume is a mistake."""
    with pytest.raises(SettingsError, match="resume_from_checkpoint: got true, and there is no checkpoint in results"):
        quick(resume_from_checkpoint=True)


def test_reported_by_name_too_it_is_one_log(quick: Any) -> None:
    """`report_to: verbose_logging` in a config needs no import, and beside `use_verbose_logging` nothing is doubled."""
    result = quick(use_verbose_logging=True, report_to="verbose_logging")

    assert 1 == sum(entry["type"] == "training_start" for entry in read_lines(result.log_file))


def test_how_a_training_failed_is_in_its_log(quick: Any, tmp_path: Path) -> None:
    """An error in the middle leaves the log whole, with its traceback, and goes on its way."""

    def rows() -> Iterator[dict[str, str]]:
        yield from TEXTS[:8]
        raise RuntimeError("the data ran out")

    stream = IterableDataset.from_generator(rows)
    keys = {"model_name": {**MODEL, "vocab_size": 400}, "tokenizer_name": saved_tokenizer(tmp_path), "max_steps": 9}
    with pytest.raises(RuntimeError, match="the data ran out"):
        quick(train_dataset=stream, use_verbose_logging=True, **keys)

    last = read_lines(Path("verbose_training_logs.jsonl"))[-1]
    assert ("training_failed", "the data ran out") == (last["type"], last["exception"]["message"])


def test_callbacks_of_a_config() -> None:
    """None where recording is off or not spoken of; else one with the config's options."""
    assert [] == callbacks_from_config({"use_verbose_logging": False, "verbosity_level": "low"})
    (callback,) = callbacks_from_config({"use_verbose_logging": True, "verbosity_level": "low", "learning_rate": 1.0})
    assert "low" == callback.settings.verbosity_level


def test_a_log_that_is_lost_does_not_cost_the_model(quick: Any, tmp_path: Path) -> None:
    """A log that cannot be written leaves the trained model, and a summary with nothing in it."""
    (tmp_path / "in_the_way").write_text("a file", encoding="utf-8")

    result = quick(use_verbose_logging=True, log_file=str(tmp_path / "in_the_way" / "log.jsonl"))

    assert {} == result.summary
    assert (result.model_path / "config.json").exists()
