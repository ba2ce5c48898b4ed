"""Every weight that training multiplies with, in the order of the model's definition, and which gradients it needs.

The order of definition stands for the order of execution, which is not known without running the model. So a layer's
input needs a gradient when something before it is trained; layers side by side (query, key and value; gate and up)
share one input. Embeddings that were told to require gradients, as checkpointing with adapters needs it, count as
trained.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from verbose_logging.flops.costs import Cost, Row
from verbose_logging.inspection.experts import active_share
from verbose_logging.inspection.flops.matmuls import Matmul, is_trained, matmuls_of
from verbose_logging.inspection.flops.rows import Place, Rows

_ADAPTER = re.compile(r"\.(?:base_layer|(lora_A|lora_B|modules_to_save)\.([^.]+))")
_SIDE_BY_SIDE = {
    **dict.fromkeys(("q", "k", "v", "q_proj", "k_proj", "v_proj", "query", "key", "value"), "attention input"),
    **dict.fromkeys(("q_lin", "k_lin", "v_lin", "q_a_proj", "kv_a_proj_with_mqa"), "attention input"),
    **dict.fromkeys(("gate_proj", "up_proj", "w1", "w3", "wi_0", "wi_1"), "feed-forward input"),
}


class Layer(NamedTuple):
    """One weight and what its products cost, per row.

    Args:
        module: Path of the module that holds it.
        owner: Path of the layer that it is part of: without the parts of an adapter.
        row: What one row of its input is.
        inputs: Width of its input.
        outputs: Width of its output.
        cost: FLOPs of one row.
        gives_gradient: Whether its output needs a gradient.
    """

    module: str
    owner: str
    row: Row
    inputs: int
    outputs: int
    cost: Cost
    gives_gradient: bool

    @property
    def parent(self) -> str:
        """Path of the module that the owner stands in."""
        return self.owner.rpartition(".")[0]

    @property
    def name(self) -> str:
        """Last part of the owner's path."""
        return self.owner.rpartition(".")[2]


class GradientFlow:
    """Remembers, along the model, from where on activations need a gradient.

    Args:
        from_start: Whether the embeddings' output needs one in any case.
    """

    def __init__(self, *, from_start: bool) -> None:
        self._streams = {"text": from_start, "decoder": from_start}
        self._inputs: dict[tuple[str, ...], bool] = {}

    def train(self, place: Place) -> None:
        """Takes in a trained module without products, as an embedding or a norm."""
        for stream in place.streams:
            self._streams[stream] = True

    def enter(self, owner: str, place: Place) -> bool:
        """Returns whether a layer's input needs a gradient."""
        parent, _, name = re.sub(r"\bexperts\.\d+", "experts", owner).rpartition(".")
        key = (parent, _SIDE_BY_SIDE.get(name, name), place.source)
        return self._inputs.setdefault(key, self._streams[place.source])

    def leave(self, place: Place, *, with_gradient: bool) -> None:
        """Takes in a layer's output."""
        for stream in place.streams:
            self._streams[stream] |= with_gradient


def layers_of(model: Any, rows: Rows) -> list[Layer]:
    """Returns every product of a model with a weight, in the order of definition."""
    modules = dict(model.named_modules())
    flow = GradientFlow(from_start=any(getattr(module, "_require_grads_hook", None) for module in modules.values()))
    return list(_walk(modules, rows, flow))


def _walk(modules: Mapping[str, Any], rows: Rows, flow: GradientFlow) -> Iterator[Layer]:
    trained_down_projections: set[str] = set()
    for path, module in modules.items():
        if not _is_active(path, modules):
            continue
        owner = _ADAPTER.sub("", path)
        place = rows.place(owner)
        matmuls = matmuls_of(module)
        trained = is_trained(module)
        if not matmuls and trained:
            flow.train(place)
        for matmul in matmuls:
            needed = flow.enter(owner, place) or (".lora_B." in path and owner in trained_down_projections)
            share = active_share(path, modules, stacked=matmul.experts)
            yield _layer(path, owner, matmul, place=place, share=share, passes_down=needed, trained=trained)
            flow.leave(place, with_gradient=needed or trained)
        if ".lora_A." in path and trained:
            trained_down_projections.add(owner)


def _layer(  # noqa: PLR0913 - what is known of one product
    path: str, owner: str, matmul: Matmul, *, place: Place, share: float, passes_down: bool, trained: bool
) -> Layer:
    flops = 2.0 * matmul.inputs * matmul.outputs * matmul.experts * share
    cost = Cost(flops, flops * (passes_down + matmul.trainable))
    return Layer(path, owner, place.row, matmul.inputs, matmul.outputs, cost, passes_down or trained)


def _is_active(path: str, modules: Mapping[str, Any]) -> bool:
    """Returns whether a module takes part: neither an adapter that is switched off nor the original of a copy."""
    if ".original_module" in path:
        wrapper = modules[path.partition(".original_module")[0]]
        return not getattr(wrapper, "active_adapters", None)
    for found in _ADAPTER.finditer(path):
        adapter, wrapper = found.group(2), modules[path[: found.start()]]
        if adapter is not None and adapter not in getattr(wrapper, "active_adapters", (adapter,)):
            return False
    return True
