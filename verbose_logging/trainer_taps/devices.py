"""What a Trainer computes on, and in which type."""

from __future__ import annotations

from typing import Any

import torch


def devices_of(args: Any, model: Any) -> dict[str, Any]:
    """Returns type, name and number of the job's devices, and the type that they compute in."""
    device = args.device
    is_gpu = device.type == "cuda"
    return {
        "type": device.type,
        "name": torch.cuda.get_device_name(device) if is_gpu else device.type,
        "dtype": _compute_dtype(args, model, is_gpu=is_gpu),
        "count": args.world_size * max(1, args.n_gpu),
    }


def _compute_dtype(args: Any, model: Any, *, is_gpu: bool) -> str:
    """Returns the type of the matrix products: that of mixed precision, else that of the weights."""
    if args.bf16 or args.fp16:
        return "bf16" if args.bf16 else "fp16"
    weights = getattr(model, "dtype", torch.float32)
    if weights in {torch.bfloat16, torch.float16}:
        return "bf16" if weights == torch.bfloat16 else "fp16"
    return "tf32" if is_gpu and (args.tf32 or _allows_tf32()) else "fp32"


def _allows_tf32() -> bool:
    """Returns whether float32 products may be rounded; the older switch raises once the newer one has been used."""
    matmul = torch.backends.cuda.matmul
    precision = getattr(matmul, "fp32_precision", None)
    return precision == "tf32" if precision not in {None, "none"} else bool(matmul.allow_tf32)
