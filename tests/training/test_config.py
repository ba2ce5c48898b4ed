"""What a config may say: every mistake is told at once, by its key, before anything is loaded."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trl import SFTConfig

from verbose_logging.errors import ConfigError, SettingsError
from verbose_logging.options.config_file import GivenConfig, given_config, read_config_file
from verbose_logging.settings import Settings
from verbose_logging.training.arguments import argument_types
from verbose_logging.training.config import Recipe, check_config
from verbose_logging.training.config_names import GONE, RENAMED
from verbose_logging.training.sources import data_problem, model_problem

TYPES = argument_types()
MODEL = {"architecture": "qwen2", "hidden_size": 32}


def problems(config: dict[str, Any]) -> tuple[str, ...]:
    """Returns every mistake of a config."""
    with pytest.raises(ConfigError) as refusal:
        check_config(GivenConfig(config), TYPES)
    return refusal.value.problems


WRONG = {
    "a text for a number": ({"learning_rate": "fast"}, "learning_rate: got 'fast', expected a number"),
    "a text for an integer": ({"max_steps": "many"}, "max_steps: got 'many', expected an integer"),
    "a fraction for an integer": ({"lora_r": 8.5}, "lora_r: got 8.5, expected an integer or nothing"),
    "a number for a text": ({"output_dir": 3}, "output_dir: got 3, expected a text or nothing"),
    "a text for a switch": ({"packing": "yes"}, "packing: got 'yes', expected true or false"),
    "a switch for a switch's word": (
        {"use_verbose_logging": "on"},
        "use_verbose_logging: got 'on', expected true or false",
    ),
    "a key with a slip": ({"lerning_rate": 1e-4}, "lerning_rate: unknown key; did you mean 'learning_rate'?"),
    "a key like nothing": ({"zzzqq": 1}, "zzzqq: unknown key"),
    "a level with a slip": (
        {"verbosity_level": "hihg"},
        "verbosity_level: no level 'hihg'; did you mean 'high'? Valid: low, medium, high, ultra",
    ),
    "a negative interval": ({"save_steps": -25}, "save_steps: got -25, expected a number > 0.0"),
    "an interval of nothing": ({"logging_steps": 0}, "logging_steps: got 0, expected a number > 0.0"),
    "a batch of nothing": (
        {"per_device_train_batch_size": 0},
        "per_device_train_batch_size: got 0, expected an integer >= 1",
    ),
    "a negative learning rate": ({"learning_rate": -1e-4}, "learning_rate: got -0.0001, expected a number >= 0.0"),
    "a share above one": ({"eval_fraction": 10}, "eval_fraction: got 10, expected a number < 1.0"),
    "a quantization that is none": (
        {"quantization": "5bit"},
        "quantization: got '5bit', expected none, 4bit or 8bit; did you mean '8bit'?",
    ),
    "a scheduler with a slip": ({"lr_scheduler_type": "cosin"}, "lr_scheduler_type: got 'cosin', expected one of "),
    "data that is not there": ({"train_dataset": "gone.jsonl"}, "train_dataset: gone.jsonl: no such file or folder"),
    "data of a kind that is not read": (
        {"train_dataset": __file__},
        f"train_dataset: {__file__}: files ending in '.py' are not read; expected .csv, .tsv, .json,",
    ),
    "a model that is not there": ({"model_name": "./gone"}, "model_name: gone: no such folder"),
    "a model of no architecture": (
        {"model_name": {"hidden_size": 8}},
        "model_name: got a mapping without 'architecture', such as 'qwen2' or 'gpt2'",
    ),
    "an old name beside the new one": (
        {"max_seq_length": 8, "max_length": 8},
        "max_seq_length: given beside max_length, which is the same; keep one",
    ),
    "two sources of data": (
        {"csv_path": "a.csv", "train_dataset": "imdb"},
        "csv_path: given beside train_dataset; keep one",
    ),
    "quantized weights without LoRA": (
        {"quantization": "4bit", "lora_r": 0},
        "quantization: quantized weights are trained through LoRA only, and lora_r is 0",
    ),
    "an option with a slip": (
        {"console": "step"},
        "console: got 'step', expected auto, steps, progress, table, milestones or off; did you mean 'steps'?",
    ),
    "an option below its limit": ({"log_save_interval": -5}, "log_save_interval: got -5, expected an integer >= 1"),
    "an option without a value": ({"log_file": None}, "log_file: got nothing, expected a text"),
    "a log that is a folder": ({"log_file": "/"}, "log_file: / is a folder, expected a file"),
    "a seed that is none": ({"seed": -1}, "seed: got -1, expected an integer >= 0"),
    "evaluations of nothing": (
        {"eval_strategy": "steps"},
        "eval_strategy: got 'steps', and nothing to evaluate on; expected eval_dataset or eval_fraction beside it",
    ),
    "a rule that is none": (
        {"alerts": {"high_memry": "off"}},
        "alerts: no rule 'high_memry'; did you mean 'high_memory'? Valid:",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("config", "message"), WRONG.values(), ids=WRONG)
@pytest.mark.usefixtures("here")
def test_a_mistake_is_told_by_its_key(config: dict[str, Any], message: str) -> None:
    """Each mistake says its key, what was given, what was expected, and the nearest name."""
    assert any(problem.startswith(message) for problem in problems({"model_name": MODEL, **config}))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with nothing in it."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_all_mistakes_are_told_at_once() -> None:
    """Three mistakes are three lines, in the order of the config."""
    told = problems({"lora_r": -1, "max_steps": "many", "verbosity_lvl": "low"})

    assert ["lora_r", "max_steps", "verbosity_lvl", "model_name"] == [line.partition(":")[0] for line in told]


@pytest.mark.usefixtures("here")
def test_a_config_that_is_nearly_there_is_shown() -> None:
    """A config file with a name like the missing one is named."""
    Path("config.yaml").touch()

    with pytest.raises(SettingsError) as refusal:
        given_config("confg.yaml")

    assert "confg.yaml: No such file or directory; did you mean config.yaml?" == str(refusal.value)


@pytest.mark.usefixtures("here")
def test_a_name_that_is_nearly_there_is_shown() -> None:
    """A file with a name like the missing one is named."""
    Path("train.jsonl").touch()

    assert "did you mean train.jsonl?" in problems({"model_name": MODEL, "train_dataset": "trian.jsonl"})[0]


def test_the_old_name_of_an_argument_is_understood() -> None:
    """What older guides write is taken under today's name, and said."""
    config = check_config(GivenConfig({"model_name": MODEL, "max_seq_length": 64, "evaluation_strategy": "no"}), TYPES)

    assert {"max_length": 64, "eval_strategy": "no"} == config.arguments
    assert (
        "max_seq_length is called max_length now",
        "evaluation_strategy is called eval_strategy now",
    ) == config.notices


def test_an_old_name_with_a_wrong_value_is_told_by_the_old_name() -> None:
    """A person finds the key that was written."""
    assert ("max_seq_length: got 'x', expected an integer or nothing",) == problems(
        {"model_name": MODEL, "max_seq_length": "x"}
    )


@pytest.mark.parametrize("key", ["eval_strategy", "save_strategy"])
def test_yamls_no_is_the_word(key: str) -> None:
    """`eval_strategy: no`, which YAML reads as false, means "no"."""
    assert {key: "no"} == check_config(GivenConfig({"model_name": MODEL, key: False}), TYPES).arguments


def test_nothing_is_recorded_unless_it_is_asked_for() -> None:
    """Without `use_verbose_logging` there are no settings, but they are judged."""
    assert check_config(GivenConfig({"model_name": MODEL, "verbosity_level": "low"}), TYPES).settings is None


def test_a_quantized_model_is_trained_through_lora() -> None:
    """4-bit weights are frozen, so LoRA is on without a word; where nothing asks for it, it is off."""
    ways = {"4bit": {"quantization": "4bit"}, "none": {}, "alpha": {"lora_alpha": 32}}
    configs = {name: check_config(GivenConfig({"model_name": MODEL, **way}), TYPES) for name, way in ways.items()}

    assert {"4bit": 16, "none": 0, "alpha": 16} == {name: config.recipe.lora_rank for name, config in configs.items()}


def test_every_argument_of_trl_is_a_key() -> None:
    """Each field of `SFTConfig` is taken by its own name, with its own default."""
    defaults = {name: getattr(SFTConfig, name) for name in TYPES if hasattr(SFTConfig, name)}

    assert len(defaults) > 100
    assert (
        defaults.keys()
        <= {"resume_from_checkpoint"}
        | check_config(GivenConfig({"model_name": MODEL, **defaults}), TYPES).arguments.keys()
    )


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=4,
)
KEYS = st.sampled_from(sorted({*TYPES, *Settings.__struct_fields__, *Recipe.__struct_fields__, *RENAMED, *GONE}))


@given(st.dictionaries(KEYS | st.text(max_size=12), VALUES, max_size=6))
def test_whatever_is_given_is_taken_or_told(config: dict[str, Any]) -> None:
    """Any keys with any values make a config or a list of mistakes, a line each; never another exception."""
    told = ["x: told"]
    try:
        check_config(GivenConfig(config), TYPES)
    except ConfigError as refusal:
        told = list(refusal.problems)

    assert told
    assert all(line.partition(": ")[2] for line in told)


@given(st.text(alphabet=st.characters(), max_size=12) | st.sampled_from(["~nobody/x", "x" * 300, "a\0b", "/", "."]))
def test_any_text_can_stand_for_data_and_models(name: str) -> None:
    """A name that no file can have is not there, and nothing worse."""
    for what in (data_problem(name), model_problem(name)):
        assert what is None or what


FILES = {
    "broken YAML": ("max_steps: 5\nlearning_rate: [1, 2\nseed: 1\n", "run.yaml:3:5: expected ',' or ']', but got ':'"),
    "a tab": ("model_name: x\n\tseed: 1\n", "run.yaml:2:1: found character '\\t' that cannot start any token"),
    "an empty file": ("", "run.yaml: the file is empty; expected keys with values, such as 'max_steps: 100'"),
    "comments only": ("# later\n", "run.yaml: the file is empty; expected keys with values, such as 'max_steps: 100'"),
    "a list": ("- 1\n", "run.yaml: expected a mapping of options, got a list"),
    "a key given twice": ("seed: 1\nlora_r: 8\nseed: 2\n", "run.yaml:3: seed: given twice, first in line 1"),
    "a character that is none": ("seed: 1\na: \x1f\n", "run.yaml:2:4: special characters are not allowed"),
    "an object of a program": ("a: !!python/object:os.system {}\n", "run.yaml:1:4: could not determine a constructor"),
}


@pytest.mark.parametrize(("text", "message"), FILES.values(), ids=FILES)
@pytest.mark.usefixtures("here")
def test_a_file_that_is_no_config_is_told_by_its_place(text: str, message: str) -> None:
    """The file, the line and the column stand first."""
    Path("run.yaml").write_text(text, encoding="utf-8")

    with pytest.raises(SettingsError) as refusal:
        read_config_file("run.yaml")

    assert str(refusal.value).startswith(message)
    assert "\n" not in str(refusal.value)


@pytest.mark.usefixtures("here")
def test_a_mistake_in_a_file_is_told_by_its_line() -> None:
    """A mistake names the line that its key stands in; one that was set on the command line says so."""
    Path("run.yaml").write_text("model_name: {architecture: gpt2}\n\nlora_r: -1\nmax_steps: x\n", encoding="utf-8")
    config = read_config_file("run.yaml").with_assignments(["max_steps=y"])

    with pytest.raises(ConfigError) as refusal:
        check_config(config, TYPES)

    lora, steps = refusal.value.problems
    assert lora.startswith("run.yaml:3: lora_r: got -1")
    assert steps.startswith("--set max_steps: got 'y'")


@pytest.mark.parametrize(("config", "given"), [(None, "nothing"), ([1], "[1]"), (5, "5")])
def test_what_is_no_config_is_told(config: Any, given: str) -> None:
    """A config that came from nowhere is told as one, not as a file that cannot be opened."""
    with pytest.raises(SettingsError, match=re.escape(f"config: got {given}, expected a mapping or the file")):
        given_config(config)


@pytest.mark.parametrize("text", ["2e-4", "2.0e-4", "2E-4", "0.0002"])
@pytest.mark.usefixtures("here")
def test_a_number_is_a_number(text: str) -> None:
    """Every way to write a learning rate gives the number."""
    Path("run.yaml").write_text(f"learning_rate: {text}\n", encoding="utf-8")

    assert {"learning_rate": 2e-4} == read_config_file("run.yaml").values


@pytest.mark.parametrize("assignment", ["max_steps", "=5", "a=[1"])
def test_an_assignment_that_is_none_is_refused(assignment: str) -> None:
    """What is no `key=value` is told as it was written."""
    with pytest.raises(SettingsError, match=r"--set "):
        GivenConfig({}).with_assignments([assignment])
