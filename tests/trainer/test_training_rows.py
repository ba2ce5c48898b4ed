"""Rows of every shape and from everywhere train."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from datasets import IterableDataset

from tests.logs import read_lines
from tests.trainer.configs import QUICK, TEXTS
from verbose_logging import train_with_config
from verbose_logging.errors import SettingsError

pytestmark = pytest.mark.trainer


def test_evaluation_rows_are_kept_apart(quick: Any) -> None:
    """A tenth of the rows is evaluated on, ten times in a run."""
    result = quick(use_verbose_logging=True, eval_fraction=0.1, max_steps=20)

    evaluations = [entry for entry in read_lines(result.log_file) if entry["type"] == "evaluation_complete"]
    assert [2, 4, 6, 8, 10, 12, 14, 16, 18, 20] == [entry["step"] for entry in evaluations]
    assert result.metrics["eval_loss"] > 0


ROWS: dict[str, Any] = {
    "prompt and completion": [{"prompt": "one and one is", "completion": " two"}],
    "messages": [{"messages": [{"role": "user", "content": "one"}, {"role": "assistant", "content": "two"}]}],
    "instruction": [{"instruction": "Add.", "input": "1 1", "output": "2"}],
    "tokens": [{"input_ids": [1, 2, 3, 4]}],
}


@pytest.mark.parametrize("rows", ROWS.values(), ids=ROWS)
def test_rows_of_every_shape_train(rows: list[dict[str, Any]], quick: Any) -> None:
    """What each shape holds reaches the Trainer in a form that it takes."""
    assert 3 == quick(train_dataset=rows * 16, eval_dataset=rows).steps


def test_a_path_is_as_good_as_its_name(quick: Any) -> None:
    """Files and folders can be given as `Path`, in the config and beside it."""
    Path("rows.jsonl").write_text(json.dumps(TEXTS[0]) + "\n", encoding="utf-8")

    assert 3 == quick(train_dataset=Path("rows.jsonl"), output_dir=Path("out")).steps
    with pytest.raises(SettingsError, match=r"csv_path: gone.csv: no such file or folder"):
        train_with_config({**QUICK, "train_dataset": None}, csv_path=Path("gone.csv"))


def test_a_column_of_another_name_trains(quick: Any) -> None:
    """TRL's own key for the text's column means the same as ours."""
    assert 3 == quick(train_dataset=[{"body": "one and one"}] * 16, dataset_text_field="body").steps


def test_a_stream_trains(quick: Any) -> None:
    """Rows that arrive one by one are trained on, and are as many steps as `max_steps` says."""
    stream = IterableDataset.from_generator(lambda: iter(TEXTS))

    assert 3 == quick(train_dataset=stream).steps


def test_a_row_longer_than_the_model_is_cut(quick: Any, caplog: pytest.LogCaptureFixture) -> None:
    """A length that the model's positions do not hold is lowered, and said."""
    model = {"architecture": "gpt2", "n_embd": 16, "n_layer": 1, "n_head": 2, "n_positions": 8, "vocab_size": 300}

    assert 3 == quick(model_name=model, max_seq_length=2048).steps
    assert "max_length is 8: the model has no more positions, 2048 were asked for" in caplog.messages
