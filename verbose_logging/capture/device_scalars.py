"""Scalars that may lie on a device: read at once where that waits for nothing, else kept, and read later elsewhere."""

from __future__ import annotations

from typing import Any


def copied(scalar: Any) -> Any:
    """Returns a scalar that later steps cannot change: a number, or a copy that is still on its device.

    What lies in the processor's own memory becomes a number here and now, which takes a tenth of the time of a copy. To
    read from any other device would make the training thread wait for it.
    A distributed tensor is not known: reading it would be a collective, and one rank alone must not start one.
    """
    if scalar is None or isinstance(scalar, int | float):
        return scalar
    if hasattr(scalar, "full_tensor"):
        return None
    if getattr(scalar, "is_cpu", False) and scalar.numel() == 1:
        number = scalar.item()
        return number if type(number) in (float, int) else None  # no bool, nothing complex
    return scalar.detach().clone() if hasattr(scalar, "detach") else scalar
