"""Fine-tuning from a config, with TRL and real weights."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import util
from pathlib import Path
from typing import Any

import pytest
import transformers
import yaml
from datasets import IterableDataset
from peft import AutoPeftModelForCausalLM
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig

from verbose_logging import callbacks_from_config, train_with_config
from verbose_logging.cli import main
from verbose_logging.errors import SettingsError
from verbose_logging.training.tokenizing import train_tokenizer
from verbose_logging.training.train import TrainingResult

# the older generation does not check a config, and meets the wrong type when it builds the model
_CHECKS_CONFIGS = int(transformers.__version__.split(".")[0]) >= 5
NO_NUMBER = "model_name: " + (
    "Validation error for field 'n_embd': " if _CHECKS_CONFIGS else "no model can be built so"
)

pytestmark = pytest.mark.trainer

MODEL = {
    "architecture": "qwen2",
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "vocab_size": 300,
}
TEXTS = [{"text": f"{number} and {number} is {2 * number}."} for number in range(40)]
QUICK = {
    "model_name": MODEL,
    "train_dataset": TEXTS,
    "max_steps": 3,
    "per_device_train_batch_size": 4,
    "save_strategy": "no",
    "console": "off",
    "gradient_checkpointing": False,
}

# the block "Training Configuration" of the guide, with its model replaced
GUIDE = {
    # Verbose Logging Settings
    "use_verbose_logging": True,  # Enable/disable verbose logging
    "verbosity_level": "high",  # "low", "medium", "high", "ultra"
    # Standard Training Settings
    "model_name": MODEL,
    "max_seq_length": 2048,
    "num_train_epochs": 3,
    "per_device_train_batch_size": 2,
    "gradient_accumulation_steps": 4,
    "learning_rate": 2e-4,
    "max_steps": 60,
    "warmup_steps": 5,
    "save_steps": 25,
    "logging_steps": 1,
    "output_dir": "./results",
}


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


@pytest.fixture
def quick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., TrainingResult]:
    """Trains three steps in an empty working directory; arguments are keys of the config."""
    monkeypatch.chdir(tmp_path)
    return lambda **keys: train_with_config({**QUICK, **keys})


def entries(path: Path) -> list[dict[str, Any]]:
    """Returns the entries of a log."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_the_guides_config_runs_as_written(guide_run: tuple[Path, TrainingResult]) -> None:
    """All its steps are done and recorded, and its checkpoints are where it says."""
    folder, result = guide_run

    assert 60 == result.steps
    assert "complete" == result.summary["outcome"]
    assert folder / "results" == result.run_file.parent
    assert {"checkpoint-25", "checkpoint-50", "final"} <= {path.name for path in (folder / "results").iterdir()}
    assert 60 == sum(entry["type"] == "training_step_complete" for entry in entries(result.log_file))


def test_the_guides_numbers_reach_the_trainer(guide_run: tuple[Path, TrainingResult]) -> None:
    """Batch, accumulation, learning rate and warm-up are those of the config."""
    _, result = guide_run
    arguments = next(entry["training_args"] for entry in entries(result.log_file) if "training_args" in entry)

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


def test_evaluation_rows_are_kept_apart(quick: Any) -> None:
    """A tenth of the rows is evaluated on, ten times in a run."""
    result = quick(use_verbose_logging=True, eval_fraction=0.1, max_steps=20)

    evaluations = [entry for entry in entries(result.log_file) if entry["type"] == "evaluation_complete"]
    assert [2, 4, 6, 8, 10, 12, 14, 16, 18, 20] == [entry["step"] for entry in evaluations]
    assert result.metrics["eval_loss"] > 0


def test_lora_trains_a_small_part(quick: Any) -> None:
    """With `lora_r` the base weights are frozen; the adapter is saved, and can be loaded with them."""
    result = quick(use_verbose_logging=True, lora_r=4)

    model = next(entry["model_info"] for entry in entries(result.log_file) if "model_info" in entry)
    assert 0 < model["trainable_parameters"] < model["total_parameters"] / 2
    assert (result.model_path / "adapter_config.json").exists()
    assert AutoPeftModelForCausalLM.from_pretrained(result.model_path).peft_config["default"].r == 4


def test_a_run_is_resumed(quick: Any) -> None:
    """`resume_from_checkpoint: true` goes on from the newest checkpoint."""
    quick(save_strategy="steps", save_steps=3)

    result = quick(max_steps=5, resume_from_checkpoint=True, use_verbose_logging=True)

    start = next(entry for entry in entries(result.log_file) if entry["type"] == "training_start")
    assert (5, 3) == (result.steps, start["resumed_from_step"])


def test_nothing_to_resume_is_told_before_loading(quick: Any) -> None:
    """Without a checkpoint a wish to resume is a mistake."""
    with pytest.raises(SettingsError, match="resume_from_checkpoint: got true, and there is no checkpoint in results"):
        quick(resume_from_checkpoint=True)


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


def test_reported_by_name_too_it_is_one_log(quick: Any) -> None:
    """`report_to: verbose_logging` in a config needs no import, and beside `use_verbose_logging` nothing is doubled."""
    result = quick(use_verbose_logging=True, report_to="verbose_logging")

    assert 1 == sum(entry["type"] == "training_start" for entry in entries(result.log_file))


def test_how_a_training_failed_is_in_its_log(quick: Any, tmp_path: Path) -> None:
    """An error in the middle leaves the log whole, with its traceback, and goes on its way."""

    def rows() -> Iterator[dict[str, str]]:
        yield from TEXTS[:8]
        raise RuntimeError("the data ran out")

    stream = IterableDataset.from_generator(rows)
    keys = {"model_name": {**MODEL, "vocab_size": 400}, "tokenizer_name": _saved_tokenizer(tmp_path), "max_steps": 9}
    with pytest.raises(RuntimeError, match="the data ran out"):
        quick(train_dataset=stream, use_verbose_logging=True, **keys)

    last = entries(Path("verbose_training_logs.jsonl"))[-1]
    assert ("training_failed", "the data ran out") == (last["type"], last["exception"]["message"])


def _saved_tokenizer(folder: Path) -> str:
    train_tokenizer(row["text"] for row in TEXTS).save_pretrained(folder / "tokenizer")
    return str(folder / "tokenizer")


def test_a_row_longer_than_the_model_is_cut(quick: Any, caplog: pytest.LogCaptureFixture) -> None:
    """A length that the model's positions do not hold is lowered, and said."""
    model = {"architecture": "gpt2", "n_embd": 16, "n_layer": 1, "n_head": 2, "n_positions": 8, "vocab_size": 300}

    assert 3 == quick(model_name=model, max_seq_length=2048).steps
    assert "max_length is 8: the model has no more positions, 2048 were asked for" in caplog.messages


def test_the_command_line_trains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any) -> None:
    """The guide's config as YAML, two values from the command line, the outcome as JSON."""
    monkeypatch.chdir(tmp_path)
    Path("run.yaml").write_text(yaml.safe_dump(GUIDE).replace("0.0002", "2e-4"), encoding="utf-8")

    assert 0 == main(["train", "run.yaml", "--set", "max_steps=4", "--set", "gradient_accumulation_steps=1", "--json"])

    out, _ = capfd.readouterr()
    outcome = json.loads(out)
    assert (4, "complete", "results/final") == (outcome["steps"], outcome["summary"]["outcome"], outcome["model_path"])


def test_of_two_processes_one_speaks_and_writes(tmp_path: Path) -> None:
    """Under torchrun there is one plan, one base for the adapter and one log, and both processes end well."""
    keys = {"use_verbose_logging": True, "lora_r": 2, "use_cpu": True, "console": "off"}
    (tmp_path / "run.json").write_text(json.dumps({**QUICK, **keys}), encoding="utf-8")
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone"]
    command = [*torchrun, "-m", "verbose_logging", "train", "run.json"]

    answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)

    assert 0 == answer.returncode, answer.stderr
    assert (1, 1) == (answer.stdout.count("Trains:"), answer.stdout.count("Trained 3 steps"))
    assert (tmp_path / "results" / "base" / "model.safetensors").exists()
    types = [entry["type"] for entry in entries(tmp_path / "verbose_training_logs.jsonl")]
    assert (3, 1) == (types.count("training_step_complete"), types.count("training_complete"))


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


def test_callbacks_of_a_config() -> None:
    """None where recording is off or not spoken of; else one with the config's options."""
    assert [] == callbacks_from_config({"use_verbose_logging": False, "verbosity_level": "low"})
    (callback,) = callbacks_from_config({"use_verbose_logging": True, "verbosity_level": "low", "learning_rate": 1.0})
    assert "low" == callback.settings.verbosity_level


@pytest.mark.parametrize("bits", ["4bit", "8bit"])
@pytest.mark.skipif(util.find_spec("bitsandbytes") is None, reason="bitsandbytes is not installed")
def test_quantized_weights_train_through_lora_on_a_cpu(bits: str, quick: Any) -> None:
    """The base weights are kept small by bitsandbytes, LoRA learns, and the log knows the model's true size."""
    result = quick(use_verbose_logging=True, quantization=bits, max_steps=30, learning_rate=2e-2, logging_steps=1)

    model = next(entry["model_info"] for entry in entries(result.log_file) if "model_info" in entry)
    losses = [
        entry["metrics"]["loss"] for entry in entries(result.log_file) if entry["type"] == "training_step_complete"
    ]
    assert {"4bit": 4, "8bit": 8}[bits] == model["quantization"]["bits"]
    assert losses[-1] < losses[0] - 0.05
    assert (result.model_path / "adapter_config.json").exists()


@pytest.mark.skipif(util.find_spec("bitsandbytes") is None, reason="bitsandbytes is not installed")
def test_weights_that_come_quantized_are_trained_through_lora(quick: Any) -> None:
    """A model that was saved in 4 bits needs no word about it; to train all of its weights is refused."""
    quick(quantization="4bit")
    AutoModelForCausalLM.from_pretrained(
        "results/base", quantization_config=BitsAndBytesConfig(load_in_4bit=True)
    ).save_pretrained("small")
    AutoTokenizer.from_pretrained("results/final").save_pretrained("small")

    result = quick(model_name="./small", output_dir="again")

    assert json.loads((result.model_path / "adapter_config.json").read_text())["r"] == 16
    with pytest.raises(SettingsError, match="lora_r: got 0, and the model's weights are quantized"):
        quick(model_name="./small", lora_r=0)


def test_quantization_without_its_package_says_what_to_install(tmp_path: Path) -> None:
    """The missing extra is named with the command that installs it, before the data is read."""
    (tmp_path / "run.json").write_text(json.dumps({**QUICK, "quantization": "4bit"}), encoding="utf-8")
    code = (
        "import sys; sys.modules['bitsandbytes'] = None; from verbose_logging.cli import main;"
        "sys.exit(main(['train', 'run.json']))"
    )
    command = [sys.executable, "-c", code]
    answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert 2 == answer.returncode
    assert "quantization: 4bit needs packages that are not installed: pip install 'verbose-logging[quantization]'" in (
        answer.stderr
    )


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


def test_a_module_of_lora_can_be_named_alone(quick: Any) -> None:
    """One name does not need a list around it."""
    assert 3 == quick(target_modules="v_proj").steps


def test_a_log_that_is_lost_does_not_cost_the_model(quick: Any, tmp_path: Path) -> None:
    """A log that cannot be written leaves the trained model, and a summary with nothing in it."""
    (tmp_path / "in_the_way").write_text("a file", encoding="utf-8")

    result = quick(use_verbose_logging=True, log_file=str(tmp_path / "in_the_way" / "log.jsonl"))

    assert {} == result.summary
    assert (result.model_path / "config.json").exists()


def test_a_dry_run_says_what_would_be_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Sizes, steps and memory, and nothing on the disk."""
    monkeypatch.chdir(tmp_path)
    keys = {"max_steps": -1, "num_train_epochs": 2, "gradient_accumulation_steps": 2, "eval_fraction": 0.1, "lora_r": 2}
    Path("run.yaml").write_text(json.dumps({**QUICK, **keys}), encoding="utf-8")

    assert 0 == main(["train", "run.yaml", "--dry-run"])
    told = capsys.readouterr().out

    # 40 rows, 4 of them to evaluate on; 36 are 9 batches of 4, which are 5 steps of 2 batches
    assert "36 rows of text, 4 to evaluate on, cut at 1024 tokens" in told
    assert "10, each of 8 rows (4 x 2 accumulated), 2.00 epochs" in told
    assert "through LoRA of rank 2" in told
    assert ["run.yaml"] == [path.name for path in tmp_path.iterdir()]


def test_a_dry_run_finds_what_lora_does_not(
    tmp_path: Path, monkeypatch: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Names of modules that the model does not have are told before any weight is made."""
    monkeypatch.chdir(tmp_path)
    Path("run.yaml").write_text(json.dumps({**QUICK, "target_modules": ["query"]}), encoding="utf-8")

    assert 2 == main(["train", "run.yaml", "--dry-run"])
    assert "target_modules: " in capsys.readouterr().err


def test_a_dry_run_counts_as_the_run_does(quick: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Steps and parameters of the plan are those of the training."""
    keys = {"max_steps": -1, "num_train_epochs": 1.5, "lora_r": 2, "use_verbose_logging": True}
    Path("run.yaml").write_text(json.dumps({**QUICK, **keys}), encoding="utf-8")
    assert 0 == main(["train", "run.yaml", "--dry-run", "--json"])
    planned = json.loads(capsys.readouterr().out)

    result = quick(**keys)

    model = next(entry["model_info"] for entry in entries(result.log_file) if "model_info" in entry)
    counts = (result.steps, model["total_parameters"], model["trainable_parameters"])
    assert (planned["steps"], planned["parameters"], planned["trained_parameters"]) == counts
