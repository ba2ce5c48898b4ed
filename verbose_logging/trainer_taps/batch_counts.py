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

Sums: TypeAlias = tuple[int, int]  # of the real lengths of a text's sequences, and of their squares
Lengths: TypeAlias = Sums | Callable[[], Sums]  # known, or read from the device by whoever calls

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
    real, squared = _added_up([_lengths(tensors, name) for name in text])
    return BatchCounts(
        samples=samples,
        padded_tokens=sum(tensors[name].numel() for name in text),
        real_tokens=real,
        loss_tokens=_loss_tokens(tensors, shifts_labels),
        squared_lengths=squared,
        shapes=shapes,
    )


def _added_up(texts: Sequence[Lengths | None]) -> tuple[Any, Any]:
    """Returns the sum of all lengths and that of their squares: deferred where one of them has to be read."""
    known = [text for text in texts if isinstance(text, tuple)]
    if len(known) == len(texts):
        return sum(lengths for lengths, _ in known), sum(squares for _, squares in known)
    to_read = [text for text in texts if callable(text)]
    if len(known) + len(to_read) < len(texts):
        return None, None
    together = _ReadOnce(known, to_read)
    return Deferred(partial(together.sum_of, 0)), Deferred(partial(together.sum_of, 1))


class _ReadOnce:
    """The lengths of a batch's texts, read by the thread that asks first."""

    def __init__(self, known: list[Sums], to_read: list[Callable[[], Sums]]) -> None:
        self._known = known
        self._to_read = to_read

    def sum_of(self, place: int) -> int:
        while self._to_read:
            self._known.append(self._to_read[-1]())
            self._to_read.pop()  # only now: one that cannot be read must be missed by both sums
        return sum(text[place] for text in self._known)


def _lengths(tensors: Mapping[str, torch.Tensor], name: str) -> Lengths | None:
    """Returns the real lengths of a text's sequences, `None` where they cannot be known."""
    mask = tensors.get(name.replace("input_ids", "attention_mask"))
    if mask is not None and mask.dim() == 2:  # noqa: PLR2004 - rows and positions
        # some masks number the sequences that are packed into a row
        return partial(_of_rows, (mask != 0).sum(-1))
    ids = tensors[name]
    positions = tensors.get(name.replace("input_ids", "position_ids"))
    if positions is not None and positions.shape == ids.shape:
        return partial(_of_packed, positions.sum(), ids.numel())  # a sum has room, small integers do not
    return None if mask is not None else (ids.numel(), ids.numel() * ids.shape[-1])


def _of_rows(lengths: torch.Tensor) -> Sums:
    read = lengths.tolist()
    return sum(read), sum(length * length for length in read)


def _of_packed(sum_of_positions: torch.Tensor, count: int) -> Sums:
    """Positions start at 0 with each sequence, and the sum of 2p + 1 is the square of its length."""
    return count, 2 * int(sum_of_positions) + count


def _loss_tokens(tensors: Mapping[str, torch.Tensor], shifts_labels: bool) -> Any:
    shifted = tensors.get("shift_labels")
    if shifted is not None:
        return (shifted != IGNORED_LABEL).sum()
    labels = tensors.get("labels")
    if labels is None or labels.dim() < 2 or labels.is_floating_point():  # noqa: PLR2004 - a class per row is no token
        return None
    return ((labels[..., 1:] if shifts_labels else labels) != IGNORED_LABEL).sum()
