"""The model of a recipe: loaded from a folder or the hub, or built from a description; quantized where asked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import torch
from accelerate import PartialState
from peft import LoraConfig, get_peft_model
from transformers import AutoConfig, AutoModelForCausalLM, BitsAndBytesConfig, PretrainedConfig, PreTrainedModel
from transformers.models.auto.configuration_auto import CONFIG_MAPPING
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

from verbose_logging.errors import MissingExtraError, SettingsError, first_line, hint, is_installed, one_line
from verbose_logging.training.config import DEFAULT_LORA_RANK, Recipe


def model_config(recipe: Recipe, *, trust_remote_code: bool) -> PretrainedConfig:
    """Returns the config of a recipe's model; no weight is loaded.

    Raises:
        SettingsError: There is no such model, or its description cannot be followed.
    """
    if isinstance(recipe.model_name, Mapping):
        return _described(recipe.model_name)
    try:
        return AutoConfig.from_pretrained(recipe.model_name, trust_remote_code=trust_remote_code)
    except (OSError, ValueError) as error:
        raise SettingsError(f"model_name: {recipe.model_name}: no model there ({first_line(error)})") from error


def as_it_comes(recipe: Recipe, config: PretrainedConfig) -> Recipe:
    """Returns the recipe with the quantization that the model's weights already have.

    Raises:
        SettingsError: Every weight of a quantized model shall be trained.
    """
    own = getattr(config, "quantization_config", None)
    if own is None:
        return recipe
    if recipe.lora_r == 0:
        raise SettingsError("lora_r: got 0, and the model's weights are quantized: they are trained through LoRA only")
    options = own if isinstance(own, Mapping) else own.to_dict()
    bits = next((f"{bits}bit" for bits in (4, 8) if options.get(f"load_in_{bits}bit")), "none")
    return msgspec.structs.replace(recipe, quantization=bits, lora_r=recipe.lora_rank or DEFAULT_LORA_RANK)


def build_model(
    recipe: Recipe, config: PretrainedConfig, *, options: Mapping[str, Any], base_folder: Path
) -> PreTrainedModel:
    """Returns the model, its weights loaded, or fresh for one that is described.

    Args:
        recipe: What was asked for.
        config: As `model_config` returned it.
        options: Further arguments of `from_pretrained`.
        base_folder: Where the fresh weights go that LoRA then leaves as they are; without them an adapter is nothing.

    Raises:
        SettingsError: It cannot be built or loaded.
        MissingExtraError: Quantization needs bitsandbytes.
    """
    how = None if getattr(config, "quantization_config", None) is not None else quantization(recipe)
    quantized = {} if how is None else {"quantization_config": how}
    try:
        if isinstance(recipe.model_name, str):
            options = {"dtype": "auto" if recipe.lora_rank else torch.float32, **options, **quantized}
            return AutoModelForCausalLM.from_pretrained(recipe.model_name, **options)
        model = fresh_model(config, trust_remote_code=False)
        if not recipe.lora_rank:
            return model
        state = PartialState()
        if state.is_main_process:
            model.save_pretrained(base_folder)
        state.wait_for_everyone()
        return AutoModelForCausalLM.from_pretrained(base_folder.absolute(), **quantized)
    except SettingsError:
        raise
    except (OSError, ValueError, TypeError, RuntimeError, ImportError) as error:
        raise SettingsError(f"model_name: {one_line(error)}") from error


def skeleton(recipe: Recipe, config: PretrainedConfig, *, trust_remote_code: bool) -> Any:
    """Returns the model with its adapter and without any weight: what can be asked of it before anything is loaded.

    Raises:
        SettingsError: The numbers of its config do not go together, or LoRA would find nothing to adapt.
    """
    with torch.device("meta"):
        model = fresh_model(config, trust_remote_code=trust_remote_code)
        adapter = lora(recipe)
        if adapter is None:
            return model
        _check_targets(recipe.target_modules, model)
        try:
            return get_peft_model(model, adapter)
        except (ValueError, TypeError) as error:
            raise SettingsError(f"target_modules: {one_line(error)}") from error


def fresh_model(config: PretrainedConfig, *, trust_remote_code: bool) -> PreTrainedModel:
    """Returns a model with fresh weights, on the device of the present context.

    Raises:
        SettingsError: The numbers of its config do not go together.
    """
    try:
        return AutoModelForCausalLM.from_config(config, trust_remote_code=trust_remote_code)
    except Exception as error:  # each architecture fails in its own way
        raise SettingsError(f"model_name: no model can be built so: {one_line(error)}") from error


def quantization(recipe: Recipe) -> BitsAndBytesConfig | None:
    """Returns how bitsandbytes keeps the frozen weights; `None` where they stay as they are.

    Raises:
        MissingExtraError: bitsandbytes is not installed.
        SettingsError: It does not know this machine's device.
    """
    if recipe.quantization == "none":
        return None
    if not is_installed("bitsandbytes"):
        raise MissingExtraError(f"quantization: {recipe.quantization}", "quantization")
    if torch.backends.mps.is_available():
        raise SettingsError(f"quantization: got '{recipe.quantization}', and bitsandbytes knows no Apple GPU; use none")
    if recipe.quantization == "8bit":
        return BitsAndBytesConfig(load_in_8bit=True)
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16 if torch.cuda.is_available() else torch.float32,
    )


def lora(recipe: Recipe) -> LoraConfig | None:
    """Returns LoRA's config; `None` where every weight is trained."""
    rank = recipe.lora_rank
    if not rank:
        return None
    return LoraConfig(
        r=rank,
        lora_alpha=2 * rank if recipe.lora_alpha is None else recipe.lora_alpha,
        lora_dropout=recipe.lora_dropout or 0.0,
        target_modules=_target_names(recipe.target_modules) or recipe.target_modules or "all-linear",
        task_type="CAUSAL_LM",
    )


def _target_names(targets: str | list[str] | None) -> list[str] | None:
    """Returns the names that were given, one alone too; `None` for a pattern."""
    if isinstance(targets, str):
        return [targets] if targets.isidentifier() else None
    return targets


def _check_targets(targets: str | list[str] | None, model: PreTrainedModel) -> None:
    """Checks that each module that LoRA shall adapt is there: of several, peft takes those that it finds."""
    names = [name for name, _ in model.named_modules() if name]
    known = {name.rpartition(".")[2] for name in names if not name.rpartition(".")[2].isdigit()}
    for target in _target_names(targets) or ():
        if not any(f".{name}".endswith(f".{target}") for name in names):
            raise SettingsError(f"target_modules: the model has no module '{target}'{hint(target, known)}")


def _described(description: Mapping[str, Any]) -> PretrainedConfig:
    options = dict(description)
    architecture = str(options.pop("architecture"))
    if architecture not in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES:
        near = hint(architecture, MODEL_FOR_CAUSAL_LM_MAPPING_NAMES)
        raise SettingsError(f"model_name.architecture: no causal language model '{architecture}'{near}")
    kind = CONFIG_MAPPING[architecture]
    known = {*kind().to_dict(), *kind.attribute_map}
    for name in options:
        if name not in known:
            raise SettingsError(f"model_name.{name}: a {architecture} has no such option{hint(name, known)}")
    try:
        return kind(**options)
    except Exception as error:  # each architecture checks its options in its own way
        raise SettingsError(f"model_name: {one_line(error)}") from error
