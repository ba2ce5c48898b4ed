"""What one token costs a model, forward and backward, from the model's own modules. Nothing is run.

The usual estimate of 6 FLOPs per parameter and token is a third too high for LoRA (frozen weights get no gradient),
counts every expert of a mixture, forgets a head that shares the embedding's weight, and leaves attention out.
"""

from __future__ import annotations

from typing import Any

import msgspec

from verbose_logging.flops.costs import AttentionCost, Cost, FlopCosts, Row
from verbose_logging.inspection.flops.attention import AttentionLayer, attention_of
from verbose_logging.inspection.flops.layers import Layer, layers_of
from verbose_logging.inspection.flops.recomputing import Recomputing
from verbose_logging.inspection.flops.rows import Rows
from verbose_logging.inspection.unknown_cost import UnknownCostError, check_understood


def inspect_flops(model: Any, *, causal: bool = True) -> dict[str, Any]:
    """Returns the costs of a model as plain values (`FlopCosts`), or `{"unknown": why}`.

    Args:
        model: A live transformers model, with or without PEFT adapters.
        causal: Whether causal attention counts half, as it needs only half. `False` counts it whole, as PaLM and
            nanoGPT do, and as plain matrix products compute it.
    """
    try:
        return dict(msgspec.to_builtins(_costs(model, causal=causal)))
    except UnknownCostError as error:
        return {"unknown": str(error)}
    except Exception as error:  # noqa: BLE001 - foreign code; what it cannot tell is absent
        return {"unknown": f"{type(error).__name__}: {error}"}


def _costs(model: Any, *, causal: bool) -> FlopCosts:
    modules = dict(model.named_modules())
    config = next((module.config for module in modules.values() if hasattr(module, "config")), None)
    check_understood(modules.values(), config)
    layers = layers_of(model, Rows.of(model, config))
    attention = attention_of(layers, modules, config, causal=causal)
    recomputing = Recomputing(layers, modules)
    return FlopCosts(_rows(layers, recomputing), _attention(attention, recomputing))


def _rows(layers: list[Layer], recomputing: Recomputing) -> dict[Row, Cost]:
    rows: dict[Row, Cost] = {}
    for layer in layers:
        cost = layer.cost + _repeated(layer.module, layer.cost, recomputing)
        rows[layer.row] = rows.get(layer.row, Cost()) + cost
    return rows


def _attention(layers: list[AttentionLayer], recomputing: Recomputing) -> list[AttentionCost]:
    """Returns the costs of layers that attend alike as one."""
    alike: dict[tuple[Any, ...], AttentionCost] = {}
    for path, cost in layers:
        per_pair = cost.per_pair + _repeated(path, cost.per_pair, recomputing)
        key = (cost.span, cost.causal, cost.window)
        others = alike[key].per_pair if key in alike else Cost()
        alike[key] = msgspec.structs.replace(cost, per_pair=others + per_pair)
    return list(alike.values())


def _repeated(path: str, cost: Cost, recomputing: Recomputing) -> Cost:
    return Cost(recompute_flops=cost.forward_flops) if recomputing.covers(path) else Cost()
