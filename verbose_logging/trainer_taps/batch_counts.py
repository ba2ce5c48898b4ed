"""What a batch holds: samples, and tokens with padding, without, and under the loss.

Counting launches a few small operations on the batch's own device and reads nothing back: the sums stay tensors until
the pipeline's thread settles them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch

IGNORED_LABEL = -100


class BatchCounts(NamedTuple):
    """Counts of one micro-batch; a scalar may still be on a device, `None` is not known.

    Args:
        samples: Rows.
        padded_tokens: Token positions, padding included.
        real_tokens: Token positions that are no padding.
        loss_tokens: Positions that the loss is taken over.
        squared_lengths: Sum over sequences of the squared real length, packed sequences apart.
        shapes: Shape of every tensor.
    """

    samples: int | None
    padded_tokens: int | None
    real_tokens: Any
    loss_tokens: Any
    squared_lengths: Any
    shapes: dict[str, list[int]]


UNKNOWN = BatchCounts(None, None, None, None, None, {})


def count_batch(inputs: Any, *, shifts_labels: bool) -> BatchCounts:
    """Returns the counts of a batch as the Trainer hands it to `training_step`.

    Args:
        inputs: Tensors by name; anything but a mapping is not understood and gives unknown counts.
        shifts_labels: Whether the loss compares position t with label t + 1, so that the first label never counts.

    Example:
        >>> import torch
        >>> ids = torch.tensor([[5, 6, 7, 0], [5, 6, 0, 0]])
        >>> labels = torch.tensor([[-100, 6, 7, -100], [5, 6, -100, -100]])
        >>> batch = {"input_ids": ids, "attention_mask": (ids > 0).long(), "labels": labels}
        >>> counts = count_batch(batch, shifts_labels=True)
        >>> counts.padded_tokens, int(counts.real_tokens), int(counts.loss_tokens), int(counts.squared_lengths)
        (8, 5, 3, 13)
    """
    if not isinstance(inputs, Mapping):
        return UNKNOWN
    tensors = {str(name): value for name, value in inputs.items() if isinstance(value, torch.Tensor)}
    shapes = {name: list(value.shape) for name, value in tensors.items()}
    text = [name for name in tensors if name.endswith("input_ids") and not name.startswith("decoder")]
    rows = text or list(tensors)  # pictures of a batch may come first, and in another number than its rows
    samples = next((shapes[name][0] for name in rows if shapes[name]), None)
    if not text:
        return BatchCounts(samples, None, None, _loss_tokens(tensors, shifts_labels), None, shapes)
    real, squared = _lengths(tensors, text)
    return BatchCounts(
        samples=samples,
        padded_tokens=sum(tensors[name].numel() for name in text),
        real_tokens=real,
        loss_tokens=_loss_tokens(tensors, shifts_labels),
        squared_lengths=squared,
        shapes=shapes,
    )


def _lengths(tensors: Mapping[str, torch.Tensor], text: list[str]) -> tuple[Any, Any]:
    """Returns the sum of the real lengths and of their squares, over all texts of the batch."""
    real: Any = 0
    squared: Any = 0
    for name in text:
        mask = tensors.get(name.replace("input_ids", "attention_mask"))
        positions = tensors.get(name.replace("input_ids", "position_ids"))
        if mask is not None and mask.dim() == 2:  # noqa: PLR2004 - rows and positions
            lengths = (mask != 0).sum(-1)  # some masks number the sequences that are packed into a row
            real = real + lengths.sum()
            squared = squared + (lengths * lengths).sum()
        elif positions is not None and positions.shape == tensors[name].shape:
            # packed: positions start at 0 with each sequence, and the sum of 2p + 1 is L squared
            real = real + positions.numel()
            squared = squared + 2 * positions.sum() + positions.numel()  # a sum has room, small integers do not
        elif mask is not None:
            return None, None
        else:
            real = real + tensors[name].numel()
            squared = squared + tensors[name].numel() * tensors[name].shape[-1]
    return real, squared


def _loss_tokens(tensors: Mapping[str, torch.Tensor], shifts_labels: bool) -> Any:
    shifted = tensors.get("shift_labels")
    if shifted is not None:
        return (shifted != IGNORED_LABEL).sum()
    labels = tensors.get("labels")
    if labels is None or labels.dim() < 2 or labels.is_floating_point():  # noqa: PLR2004 - a class per row is no token
        return None
    return ((labels[..., 1:] if shifts_labels else labels) != IGNORED_LABEL).sum()
