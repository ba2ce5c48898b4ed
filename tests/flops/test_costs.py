from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verbose_logging.flops.costs import AttentionCost, Batch, Cost, FlopCosts, attended_pairs


@given(lengths=st.lists(st.integers(1, 60), min_size=1), causal=st.booleans())
def test_pairs_are_those_of_each_sequence_apart(lengths: list[int], causal: bool) -> None:
    """Sequences of any lengths, packed or not, attend within themselves only."""
    pairs = attended_pairs(sum(lengths), sum(n * n for n in lengths), causal=causal, window=None)
    each = sum(n * n / 2 if causal else n * n for n in lengths)

    assert each == pairs


@given(length=st.integers(1, 60), count=st.integers(1, 5), window=st.integers(1, 80))
def test_a_window_counts_what_a_loop_over_tokens_counts(length: int, count: int, window: int) -> None:
    """To within one pair per token: a token sees itself and at most `window - 1` before it."""
    tokens = length * count
    pairs = attended_pairs(tokens, tokens * length, causal=True, window=window)
    looped = count * sum(min(position, window) for position in range(1, length + 1))

    assert looped == pytest.approx(pairs, abs=tokens)


def test_no_tokens_have_no_pairs() -> None:
    """An empty batch costs nothing."""
    assert 0 == attended_pairs(0, 0, causal=True, window=4)


def test_a_batch_costs_its_rows_and_its_pairs() -> None:
    """Text, decoder, samples, and the three kinds of attention, each with its own count; worked out by hand."""
    pair = Cost(1.0)
    costs = FlopCosts(
        {"text": Cost(10.0), "decoder": Cost(100.0), "sample": Cost(1000.0)},
        [
            AttentionCost("text", causal=False, window=None, per_pair=pair),
            AttentionCost("decoder", causal=True, window=None, per_pair=pair),
            AttentionCost("cross", causal=False, window=None, per_pair=pair),
        ],
    )
    batch = Batch(samples=2, tokens=8, squared_lengths=32, decoder_tokens=4)

    assert 8 * 10 + 4 * 100 + 2 * 1000 + 32 + 4 * 4 / 2 / 2 + 8 * 4 / 2 == costs.of(batch).forward_flops
