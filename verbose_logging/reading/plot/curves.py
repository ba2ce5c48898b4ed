"""Curves made ready for a picture: smoothed, and no more points than a picture can show."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from verbose_logging.windows import DebiasedEma

_STRETCHES = 20
_WEAKEST, _STRONGEST = 0.5, 0.998
_MOST_POINTS = 4000
Curve = tuple[list[int], list[float]]


def smoothed(values: Sequence[float]) -> list[float]:
    """Returns the debiased exponential moving average over about a twentieth of the curve.

    Example:
        >>> smoothed([2.0, 2.0])
        [2.0, 2.0]
    """
    average = DebiasedEma(min(_STRONGEST, max(_WEAKEST, 1 - _STRETCHES / max(1, len(values)))))
    return [average.add(value) for value in values]


def thinned(steps: Sequence[int], values: Sequence[float]) -> Curve:
    """Returns at most 4,000 points of a curve: of each stretch the lowest and the highest, so that no spike is lost.

    Example:
        >>> thinned([1, 2], [0.5, 0.25])
        ([1, 2], [0.5, 0.25])
    """
    if len(steps) <= _MOST_POINTS:
        return list(steps), list(values)
    stretch = math.ceil(2 * len(steps) / _MOST_POINTS)
    places: list[int] = []
    for start in range(0, len(steps), stretch):
        within = range(start, min(start + stretch, len(steps)))
        places += sorted({min(within, key=values.__getitem__), max(within, key=values.__getitem__)})
    return [steps[place] for place in places], [values[place] for place in places]


def quantile(values: Sequence[float], share: float) -> float:
    """Returns the value below which that share of the values lies.

    Example:
        >>> quantile([3.0, 1.0, 2.0], 0.5)
        2.0
    """
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def evaluation_curves(evaluations: Sequence[Mapping[str, Any]]) -> dict[str, Curve]:
    """Returns the loss of each evaluation set over the steps; what is no number is left out.

    Example:
        >>> evaluation_curves([{"step": 2, "eval_loss": 1.5, "eval_runtime": 3.0}])
        {'eval_loss': ([2], [1.5])}
    """
    curves: dict[str, Curve] = {}
    for found in evaluations:
        for name, value in found.items():
            is_loss = name.endswith("_loss") and name != "train_loss"
            if is_loss and isinstance(value, int | float) and math.isfinite(value) and isinstance(found["step"], int):
                steps, values = curves.setdefault(name, ([], []))
                steps.append(found["step"])
                values.append(float(value))
    return curves
