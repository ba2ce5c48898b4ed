"""Scalars that may still lie on a device: kept as they are, read later by the pipeline's thread."""

from __future__ import annotations

from typing import Any


def copied(scalar: Any) -> Any:
    """Returns a scalar that later steps cannot change, still on its device.

    A distributed tensor is not known: reading it would be a collective, and one rank alone must not start one.
    """
    if scalar is None or isinstance(scalar, int | float):
        return scalar
    if hasattr(scalar, "full_tensor"):
        return None
    if not hasattr(scalar, "detach"):
        return scalar
    return (scalar.detach() if getattr(scalar, "requires_grad", True) else scalar).clone()
