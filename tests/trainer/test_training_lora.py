"""A small part of a model is trained, over weights that may be quantized."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import util
from pathlib import Path
from typing import Any

import pytest
from peft import AutoPeftModelForCausalLM
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig

from tests.logs import read_lines
from tests.trainer.configs import QUICK
from verbose_logging.errors import SettingsError

pytestmark = pytest.mark.trainer


def test_lora_trains_a_small_part(quick: Any) -> None:
    """With `lora_r` the base weights are frozen; the adapter is saved, and can be loaded with them."""
    result = quick(use_verbose_logging=True, lora_r=4)

    model = next(entry["model_info"] for entry in read_lines(result.log_file) if "model_info" in entry)
    assert 0 < model["trainable_parameters"] < model["total_parameters"] / 2
    assert (result.model_path / "adapter_config.json").exists()
    assert AutoPeftModelForCausalLM.from_pretrained(result.model_path).peft_config["default"].r == 4


@pytest.mark.parametrize("bits", ["4bit", "8bit"])
@pytest.mark.skipif(util.find_spec("bitsandbytes") is None, reason="bitsandbytes is not installed")
def test_quantized_weights_train_through_lora_on_a_cpu(bits: str, quick: Any) -> None:
    """The base weights are kept small by bitsandbytes, LoRA learns, and the log knows the model's true size."""
    result = quick(use_verbose_logging=True, quantization=bits, max_steps=30, learning_rate=2e-2, logging_steps=1)

    model = next(entry["model_info"] for entry in read_lines(result.log_file) if "model_info" in entry)
    losses = [
        entry["metrics"]["loss"] for entry in read_lines(result.log_file) if entry["type"] == "training_step_complete"
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


def test_a_module_of_lora_can_be_named_alone(quick: Any) -> None:
    """One name does not need a list around it."""
    assert 3 == quick(target_modules="v_proj").steps
