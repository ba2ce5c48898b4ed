"""How many of a mixture's experts work on a token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from verbose_logging.inspection.unknown_cost import UnknownCostError

_CONFIG_NAMES = ("num_experts_per_tok", "num_experts_per_token", "experts_per_token", "moe_topk", "moe_k")


def active_share(path: str, modules: Mapping[str, Any], *, stacked: int) -> float:
    """Returns the share of a module's weights that one token meets: 1.0 outside a mixture of experts.

    Args:
        path: Path of the module.
        modules: All modules by path.
        stacked: How many experts the module's own weight holds.

    Raises:
        UnknownCostError: The model does not say how many experts it chooses.
    """
    head, found, _ = f".{path}.".partition(".experts.")
    if not found and stacked == 1:
        return 1.0
    mixture = head.removeprefix(".") if found else path.rpartition(".")[0]
    total = stacked if stacked > 1 else _expert_count(modules[f"{mixture}.experts".removeprefix(".")])
    return _chosen(mixture, modules) / total


def _expert_count(experts: Any) -> int:
    named = getattr(experts, "num_experts", None)
    return named if isinstance(named, int) else len(experts)


def _chosen(mixture: str, modules: Mapping[str, Any]) -> int:
    module = modules[mixture]
    config = getattr(modules[""], "config", None)
    claims = [getattr(part, "top_k", None) for part in (module, *module.children())]
    claims += [getattr(config, name, None) for name in _CONFIG_NAMES]
    number = next((claim for claim in claims if isinstance(claim, int)), None)
    if number is None:
        raise UnknownCostError(f"{type(module).__name__} does not say how many experts a token meets")
    return number
