"""The training arguments as plain values, without secrets."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from verbose_logging.inspection.redaction import redact
from verbose_logging.plain import plain


def inspect_training_args(args: Any) -> dict[str, Any]:
    """Returns what `args.to_dict()` gives, or else the object's attributes, or the mapping's items.

    Example:
        >>> inspect_training_args({"learning_rate": 2e-4, "hub_token": "abc", "pad_token": "<pad>"})
        {'learning_rate': 0.0002, 'hub_token': '[redacted]', 'pad_token': '<pad>'}
    """
    options = plain(_options(args))
    return redact(options) if isinstance(options, dict) else {}


def _options(args: Any) -> Any:
    if isinstance(args, Mapping):
        return args
    try:
        return _without_masks(args, _detached(args).to_dict())
    except Exception:  # noqa: BLE001 - foreign code, or an object without it
        return getattr(args, "__dict__", {})


def _detached(args: Any) -> Any:
    """Returns a copy with dictionaries of its own: transformers' `to_dict` rewrites nested ones in place."""
    twin = copy.copy(args)
    vars(twin).update({name: _own(value) for name, value in vars(args).items()})
    return twin


def _own(value: Any) -> Any:
    return {key: _own(item) for key, item in value.items()} if type(value) is dict else value


def _without_masks(args: Any, options: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the options as they are set: the mask would hide `eos_token`, and make a token out of `None`."""
    masked = {name for name, value in options.items() if isinstance(value, str) and value == f"<{name.upper()}>"}
    return {name: getattr(args, name, None) if name in masked else value for name, value in options.items()}
