"""What a batch holds: samples, and tokens with padding, without, and under the loss.

Counting launches a few small operations on the batch's own device and reads nothing back: what they give stays there
until the pipeline's thread settles it, and what can be added up there is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import torch

from verbose_logging.facts import Deferred

Lengths: TypeAlias = Callable[[], tuple[int, int]]  # their sum and that of their squares, read where this is called

IGNORED_LABEL = -100


class BatchCounts(NamedTuple):
    """Counts of one micro-batch; one may still be on a device, or deferred, and `None` is not known.

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
        >>> counts.padded_tokens, int(counts.loss_tokens)
        (8, 3)
        >>> counts.real_tokens.compute(), counts.squared_lengths.compute()
        (5, 13)
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
    lengths = [_lengths(tensors, name) for name in text]
    sums = _Sums([known for known in lengths if known is not None])
    all_known = None not in lengths
    return BatchCounts(
        samples=samples,
        padded_tokens=sum(tensors[name].numel() for name in text),
        real_tokens=Deferred(sums.of_lengths) if all_known else None,
        loss_tokens=_loss_tokens(tensors, shifts_labels),
        squared_lengths=Deferred(sums.of_squares) if all_known else None,
        shapes=shapes,
    )


class _Sums:
    """The real lengths of all texts of a batch added up, once, by the thread that asks."""

    def __init__(self, texts: Sequence[Lengths]) -> None:
        self._texts = texts
        self._read: list[tuple[int, int]] | None = None

    def of_lengths(self) -> int:
        return sum(lengths for lengths, _ in self._reading())

    def of_squares(self) -> int:
        return sum(squares for _, squares in self._reading())

    def _reading(self) -> list[tuple[int, int]]:
        if self._read is None:
            self._read = [read() for read in self._texts]
        return self._read


def _lengths(tensors: Mapping[str, torch.Tensor], name: str) -> Lengths | None:
    """Returns what reads the real lengths of a text's sequences, `None` where they are not known."""
    mask = tensors.get(name.replace("input_ids", "attention_mask"))
    if mask is not None and mask.dim() == 2:  # noqa: PLR2004 - rows and positions
        # some masks number the sequences that are packed into a row
        return partial(_of_rows, torch.count_nonzero(mask, dim=-1))
    ids = tensors[name]
    positions = tensors.get(name.replace("input_ids", "position_ids"))
    if positions is not None and positions.shape == ids.shape:
        return partial(_of_packed, positions.sum(), ids.numel())  # a sum has room, small integers do not
    return None if mask is not None else partial(_of_whole_rows, ids.numel(), ids.shape[-1])


def _of_rows(lengths: torch.Tensor) -> tuple[int, int]:
    read = lengths.tolist()
    return sum(read), sum(length * length for length in read)


def _of_whole_rows(count: int, longest: int) -> tuple[int, int]:
    return count, count * longest


def _of_packed(sum_of_positions: torch.Tensor, count: int) -> tuple[int, int]:
    """Positions start at 0 with each sequence, and the sum of 2p + 1 is the square of its length."""
    return count, 2 * int(sum_of_positions) + count


def _loss_tokens(tensors: Mapping[str, torch.Tensor], shifts_labels: bool) -> Any:
    shifted = tensors.get("shift_labels")
    if shifted is not None:
        return torch.count_nonzero(shifted != IGNORED_LABEL)
    labels = tensors.get("labels")
    if labels is None or labels.dim() < 2 or labels.is_floating_point():  # noqa: PLR2004 - a class per row is no token
        return None
    return torch.count_nonzero((labels[..., 1:] if shifts_labels else labels) != IGNORED_LABEL)
