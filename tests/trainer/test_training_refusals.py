"""What cannot be trained is refused in a line each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import transformers

from tests.trainer.configs import MODEL, TEXTS
from verbose_logging.cli import main
from verbose_logging.errors import SettingsError

pytestmark = pytest.mark.trainer


# the older generation does not check a config, and meets the wrong type when it builds the model
_CHECKS_CONFIGS = int(transformers.__version__.split(".")[0]) >= 5


NO_NUMBER = "model_name: " + (
    "Validation error for field 'n_embd': " if _CHECKS_CONFIGS else "no model can be built so"
)


def test_every_mistake_is_a_line_on_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A config with mistakes ends with 2, a line for each, and nothing on stdout."""
    monkeypatch.chdir(tmp_path)
    Path("run.yaml").write_text("model_name: ./gone\nlora_r: -1\n", encoding="utf-8")

    assert 2 == main(["train", "run.yaml"])

    model = "error: run.yaml:1: model_name: gone: no such folder\n"
    rank = "error: run.yaml:2: lora_r: got -1, expected an integer >= 0\n"
    assert ("", model + rank) == capsys.readouterr()


def test_what_is_found_later_is_told_by_its_line_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A column that is not in the data stands in the config file all the same."""
    monkeypatch.chdir(tmp_path)
    Path("rows.csv").write_text("body\none\n", encoding="utf-8")
    config = "model_name: {architecture: gpt2}\ncsv_path: rows.csv\ncolumns: {text: bdy}\n"
    Path("run.yaml").write_text(config, encoding="utf-8")

    assert 2 == main(["train", "run.yaml"])

    message = "error: run.yaml:3: columns.text: the data has no column 'bdy', only 'body'; did you mean 'body'?"
    assert message in capsys.readouterr().err.splitlines()


REFUSED = {
    "an architecture with a slip": (
        {"model_name": {**MODEL, "architecture": "qwen22"}},
        "model_name.architecture: no causal language model 'qwen22'; did you mean 'qwen2'?",
    ),
    "an option of the model with a slip": (
        {"model_name": {**MODEL, "hiden_size": 8}},
        "model_name.hiden_size: a qwen2 has no such option; did you mean 'hidden_size'?",
    ),
    "numbers of a model that do not go together": (
        {"model_name": {"architecture": "gpt2", "n_embd": 15, "n_head": 4}},
        "model_name: no model can be built so",
    ),
    "an option of the model that is no number": (
        {"model_name": {"architecture": "gpt2", "n_embd": "big"}},
        NO_NUMBER,
    ),
    "a vocabulary smaller than the tokenizer's": (
        {"model_name": {**MODEL, "vocab_size": 5}},
        "model_name.vocab_size: got 5, and the tokenizer has ",
    ),
    "one of LoRA's modules that is not there": (
        {"target_modules": ["q_proj", "v_prj"]},
        "target_modules: the model has no module 'v_prj'; did you mean 'v_proj'?",
    ),
    "LoRA's only module, with a slip": ({"target_modules": "v_prj"}, "no module 'v_prj'; did you mean 'v_proj'?"),
    "a pattern that fits no module": ({"target_modules": ".*query"}, "target_modules: Target modules .*query not"),
    "a model that the hub does not have": ({"model_name": "nobody/it"}, "model_name: nobody/it: no model there"),
    "unknown columns": (
        {"train_dataset": [{"a": "x"}]},
        "train_dataset: the data has columns 'a', expected messages; or prompt and completion; or",
    ),
    "too few rows to part": (
        {"train_dataset": TEXTS[:3], "eval_fraction": 0.1},
        "eval_fraction: got 0.1, which leaves nothing on one side of 3 rows",
    ),
    "numbers where text belongs": (
        {"train_dataset": [{"text": 5}]},
        "train_dataset: column 'text' holds int, expected text",
    ),
    "an output folder that is a file": ({"output_dir": f"{__file__}/out"}, "is a file, expected a folder"),
    "a checkpoint that is not there": (
        {"resume_from_checkpoint": "results/checkpoint-9"},
        "resume_from_checkpoint: results/checkpoint-9: no such folder",
    ),
    "arguments that do not go together": (
        {"load_best_model_at_end": True, "save_strategy": "steps"},
        "load_best_model_at_end",
    ),
    "a tokenizer that is not there": ({"tokenizer_name": "nobody/it"}, "tokenizer_name: nobody/it: no tokenizer"),
}  # fmt: skip


@pytest.mark.parametrize(("keys", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_trained_is_refused_in_a_line(keys: dict[str, Any], message: str, quick: Any) -> None:
    """What only the data, the model or the Trainer's arguments show is one line too, and leaves no folder behind."""
    with pytest.raises(SettingsError) as refusal:
        quick(**keys)

    assert message in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert [] == list(Path.cwd().iterdir())


def test_what_only_the_trainer_checks_is_a_line_too(quick: Any) -> None:
    """A tracker that it does not know, for example, is no traceback."""
    with pytest.raises(SettingsError, match=r"^the Trainer refuses: foo is not supported"):
        quick(report_to="foo")
