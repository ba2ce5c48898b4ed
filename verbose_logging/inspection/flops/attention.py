"""The score and value products of attention layers, from the widths of the projections around them.

A layer with grouped queries repeats its keys and values, so that heads times head size is the width of the queries.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple, TypeAlias

from verbose_logging.flops.costs import AttentionCost, Cost, Row
from verbose_logging.inspection.flops.layers import Layer
from verbose_logging.inspection.flops.rows import is_cross_attention
from verbose_logging.inspection.next_token import predicts_next_token
from verbose_logging.inspection.unknown_cost import UnknownCostError

Role: TypeAlias = Literal["query", "key", "value", "fused", "output"]

_ROLES: dict[Role, tuple[str, ...]] = {
    "query": ("q", "q_proj", "query", "q_lin", "q_b_proj", "q_attn", "wq"),
    "key": ("k", "k_proj", "key", "k_lin", "kv_b_proj", "wk"),
    "value": ("v", "v_proj", "value", "v_lin", "kv_b_proj", "wv"),
    "fused": ("c_attn", "qkv_proj", "query_key_value", "Wqkv", "qkv", "in_proj"),
    "output": ("o", "o_proj", "out_proj", "out_lin", "c_proj", "dense", "Wo", "wo"),
}


class AttentionLayer(NamedTuple):
    """One layer's attention.

    Args:
        module: Path of the module.
        cost: What it costs, per query-key pair.
    """

    module: str
    cost: AttentionCost


class _Projections:
    """The layers around one attention, by their role; an adapter's layers stand beside those that they adapt."""

    def __init__(self, layers: Iterable[Layer]) -> None:
        self._layers = list(layers)

    def _having(self, role: Role) -> list[Layer]:
        return [layer for layer in self._layers if layer.name in _ROLES[role]]

    def _gradient(self, role: Role) -> bool:
        return any(layer.gives_gradient for layer in (self._having(role) or self._having("fused")))

    @property
    def row(self) -> Row:
        """What one query is."""
        return (self._having("query") or self._having("fused"))[0].row

    @property
    def exists(self) -> bool:
        """Whether there are a query and a key."""
        return bool(self._having("fused") or (self._having("query") and self._having("key")))

    def per_pair(self) -> Cost:
        """Returns the FLOPs of one query-key pair; a product's two inputs each get a gradient only where needed."""
        queries, outputs = self._having("query"), self._having("output")
        value_flops = 2.0 * (outputs[0].inputs if outputs else queries[0].outputs)
        score_flops = 2.0 * queries[0].outputs if queries else value_flops
        query, key, value = (self._gradient(role) for role in ("query", "key", "value"))
        backward = score_flops * (query + key) + value_flops * ((query or key) + value)
        return Cost(score_flops + value_flops, backward)


def attention_of(
    layers: Iterable[Layer], modules: Mapping[str, Any], config: Any, *, causal: bool
) -> list[AttentionLayer]:
    """Returns what each attention layer costs.

    Args:
        layers: The model's layers.
        modules: All modules by path.
        config: The model's configuration; windows and direction come from it where the module has none.
        causal: Whether causal attention counts half.

    Raises:
        UnknownCostError: There is no attention, or one whose projections are not known by name.
    """
    parents: dict[str, list[Layer]] = {}
    for layer in layers:
        parents.setdefault(layer.parent, []).append(layer)
    predicts_next = any(predicts_next_token(module) for module in modules.values())
    sight = _Sight(config, looks_back=predicts_next, causal=causal)
    found: list[AttentionLayer] = []
    for path, members in parents.items():
        projections = _Projections(members)
        if projections.exists:
            found.append(AttentionLayer(path, sight.cost(path, modules[path], projections)))
        elif type(modules.get(path)).__name__.endswith("Attention"):
            raise UnknownCostError(f"{type(modules[path]).__name__} has projections that are not known by name")
    if not found:
        raise UnknownCostError("no attention that is known by the names of its projections")
    return found


class _Sight:
    """What tokens attend to.

    Args:
        config: The model's configuration.
        looks_back: Whether layers that do not say so attend only to the tokens before.
        causal: Whether that counts half.
    """

    def __init__(self, config: Any, *, looks_back: bool, causal: bool) -> None:
        self._config = config
        self._looks_back = looks_back or bool(getattr(config, "is_decoder", False))
        self._causal = causal

    def cost(self, path: str, module: Any, projections: _Projections) -> AttentionCost:
        """Returns the cost of one layer."""
        decodes = projections.row == "decoder"
        if decodes and is_cross_attention(path):
            return AttentionCost("cross", causal=False, window=None, per_pair=projections.per_pair())
        stated = getattr(module, "is_causal", None)
        looks_back = stated if isinstance(stated, bool) else decodes or self._looks_back
        window = self._window(module)
        if window is not None and not looks_back:
            window = 2 * window - 1  # the token itself, and as many before as after it
        return AttentionCost(
            "decoder" if decodes else "text", self._causal and looks_back, window, projections.per_pair()
        )

    def _window(self, module: Any) -> int | None:
        """Returns how many tokens back a layer sees; the configuration's window is for the layers that it names."""
        window = getattr(self._config, "sliding_window", None)
        kinds, index = getattr(self._config, "layer_types", None), getattr(module, "layer_idx", None)
        if hasattr(module, "sliding_window"):
            window = module.sliding_window
        elif kinds and index is not None and kinds[index] != "sliding_attention":
            window = None
        return window if isinstance(window, int) and window > 0 else None
