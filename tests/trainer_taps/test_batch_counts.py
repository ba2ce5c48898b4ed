"""What a batch holds, of batches that one can count with the eye."""

from __future__ import annotations

import weakref
from typing import Any

import pytest
import torch

from verbose_logging.facts import Deferred
from verbose_logging.trainer_taps.batch_counts import UNKNOWN, count_batch

IDS = torch.tensor([[5, 6, 7, 0], [5, 6, 0, 0]])
MASK = (IDS > 0).long()
LABELS = torch.tensor([[5, 6, 7, -100], [5, -100, -100, -100]])


def read(count: Any) -> Any:
    """Returns a count as the recorder's thread has it."""
    return count.compute() if isinstance(count, Deferred) else count


def test_rows_are_those_of_the_text() -> None:
    """Nine patches of pictures that come first are no rows; without a text the first tensor has the rows."""
    pictures = {"pixel_values": torch.zeros(9, 3)}

    assert 2 == count_batch({**pictures, "input_ids": IDS}, shifts_labels=True).samples
    assert 9 == count_batch(pictures, shifts_labels=True).samples


def test_the_first_label_counts_unless_labels_are_shifted() -> None:
    """Four labels, two of them the first of their row."""
    batch = {"input_ids": IDS, "labels": LABELS}

    assert (2, 4) == tuple(int(count_batch(batch, shifts_labels=shifts).loss_tokens) for shifts in (True, False))


def test_a_class_per_row_is_no_token() -> None:
    """A classifier's batch has no loss tokens."""
    assert count_batch({"input_ids": IDS, "labels": torch.tensor([0, 1])}, shifts_labels=False).loss_tokens is None


def test_packed_rows_are_as_long_as_their_sequences() -> None:
    """Sequences of 3 and 1 in one row: 3 x 3 + 1 x 1 pairs, where the row would have 16."""
    batch = {"input_ids": IDS[:1], "position_ids": torch.tensor([[0, 1, 2, 0]])}
    counts = count_batch(batch, shifts_labels=True)

    assert (4, 10) == (read(counts.real_tokens), read(counts.squared_lengths))


@pytest.mark.parametrize("kind", [torch.uint8, torch.int32, torch.int64], ids=str)
def test_positions_of_any_type_are_added_up_without_an_overflow(kind: torch.dtype) -> None:
    """A sequence of 200 positions has 40,000 pairs, whatever the greatest number of their type is."""
    batch = {"input_ids": torch.ones(1, 200, dtype=torch.long), "position_ids": torch.arange(200).to(kind)[None]}

    assert 40_000 == read(count_batch(batch, shifts_labels=True).squared_lengths)


def test_positions_in_space_and_time_tell_nothing_of_lengths() -> None:
    """Three axes of positions, as for pictures, belong to one row of four tokens."""
    batch = {"input_ids": IDS[:1], "position_ids": torch.arange(4).expand(3, 1, 4)}

    assert 16 == read(count_batch(batch, shifts_labels=True).squared_lengths)


def test_chosen_and_rejected_texts_are_summed() -> None:
    """A pair is two texts of 5 real tokens each."""
    pair = {f"{side}_{name}": value for side in ("chosen", "rejected") for name, value in (
        ("input_ids", IDS), ("attention_mask", MASK))}  # fmt: skip
    counts = count_batch(pair, shifts_labels=False)

    assert (2, 16, 10) == (counts.samples, counts.padded_tokens, read(counts.real_tokens))


def test_a_text_that_cannot_be_read_leaves_no_half_of_a_sum() -> None:
    """Neither what was read before it nor a second question makes a number of the rest; `meta` holds no values."""
    nowhere = MASK.to("meta")
    pair = {"chosen_input_ids": IDS, "chosen_attention_mask": MASK}
    pair |= {"rejected_input_ids": nowhere, "rejected_attention_mask": nowhere}
    counts = count_batch(pair, shifts_labels=False)

    for count in (counts.real_tokens, counts.squared_lengths, counts.real_tokens):
        with pytest.raises((NotImplementedError, RuntimeError)):
            read(count)


def test_what_is_no_mapping_is_not_known() -> None:
    """A list of prompts, as GRPO has it."""
    assert UNKNOWN == count_batch([{"prompt": "a"}], shifts_labels=True)


@pytest.mark.parametrize(
    ("batch", "expected"),
    [
        ({"input_ids": IDS, "attention_mask": MASK.bool(), "labels": LABELS.int()}, (5, 2, 13)),
        (
            {"input_ids": IDS, "position_ids": torch.tensor([[0, 1, 2, 0], [0, 1, 0, 1]]), "shift_labels": LABELS},
            (8, 4, 18),
        ),
    ],
)
def test_counts_are_left_where_the_batch_is(batch: dict[str, torch.Tensor], expected: tuple[int, ...]) -> None:
    """Masks and labels of any kind are counted, and what has to be added up is not read on the training thread."""
    counts = count_batch(batch, shifts_labels=True)

    assert isinstance(counts.loss_tokens, torch.Tensor)
    assert isinstance(counts.real_tokens, Deferred)
    assert isinstance(counts.squared_lengths, Deferred)
    assert expected == (read(counts.real_tokens), int(counts.loss_tokens), read(counts.squared_lengths))


def test_what_waits_to_be_added_up_does_not_keep_the_batch() -> None:
    """A few lengths wait for the recorder, not the samples that they were taken from."""
    batches = [
        {"input_ids": torch.ones(2, 4, dtype=torch.long)},
        {"input_ids": torch.ones(2, 4, dtype=torch.long), "attention_mask": torch.ones(2, 4)},
        {"input_ids": torch.ones(2, 4, dtype=torch.long), "position_ids": torch.arange(4).expand(2, 4).clone()},
    ]
    tensors = [weakref.ref(tensor) for batch in batches for tensor in batch.values()]
    counts = [count_batch(batch, shifts_labels=True) for batch in batches]
    batches.clear()

    assert [None] * 5 == [tensor() for tensor in tensors]
    assert [(8, 32)] * 3 == [(read(one.real_tokens), read(one.squared_lengths)) for one in counts]
