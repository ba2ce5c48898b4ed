"""What training a model costs in floating-point operations (FLOPs), per row and per query-key pair.

A multiplication and the addition that follows count as two. Costs come from the model's own modules
(`inspection.flops`) and are multiplied here with what a batch holds.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

import msgspec

Row: TypeAlias = Literal["text", "decoder", "sample"]
FORMULA = (
    "forward 2N; backward 2N where a gradient is passed down, and 2N where the weight is trained; "
    "N: active weights of matrix products, embedding lookups left out; "
    "attention: 2 x heads x head size for the scores and again for the values, per query-key pair"
)


class Cost(msgspec.Struct, frozen=True):
    """FLOPs of one row, of one query-key pair, or of a batch.

    Args:
        forward_flops: Of the forward pass.
        backward_flops: Of the backward pass.
        recompute_flops: Of what gradient checkpointing computes a second time; work of the hardware, not of the model.

    Example:
        >>> Cost(2.0, 4.0, 1.0) + Cost(1.0, 1.0)
        Cost(forward_flops=3.0, backward_flops=5.0, recompute_flops=1.0)
    """

    forward_flops: float = 0.0
    backward_flops: float = 0.0
    recompute_flops: float = 0.0

    @property
    def model_flops(self) -> float:
        """What the mathematics needs."""
        return self.forward_flops + self.backward_flops

    @property
    def hardware_flops(self) -> float:
        """What is computed, repetitions included."""
        return self.model_flops + self.recompute_flops

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.forward_flops + other.forward_flops,
            self.backward_flops + other.backward_flops,
            self.recompute_flops + other.recompute_flops,
        )

    def __mul__(self, count: float) -> Cost:
        return Cost(self.forward_flops * count, self.backward_flops * count, self.recompute_flops * count)


class Batch(NamedTuple):
    """What a batch holds, as far as cost depends on it.

    Args:
        samples: Sequences.
        tokens: Tokens of the text; of the encoder's text where there is a decoder too.
        squared_lengths: Sum over sequences of the squared length.
        decoder_tokens: Tokens of the decoder, where there is an encoder too.
    """

    samples: float
    tokens: float
    squared_lengths: float
    decoder_tokens: float = 0.0


class AttentionCost(msgspec.Struct, frozen=True):
    """The score and value products of all layers that attend alike.

    Args:
        span: What attends to what: a text to itself, the decoder's text to itself, the decoder's to the encoder's.
        causal: Whether a token attends only to those before it and this counts half.
        window: How many tokens a token sees at most, `None` for all.
        per_pair: FLOPs of one query-key pair, all heads and layers together.
    """

    span: Literal["text", "decoder", "cross"]
    causal: bool
    window: int | None
    per_pair: Cost

    def pairs(self, batch: Batch) -> float:
        """Returns the query-key pairs of a batch.

        The lengths of a decoder's texts are not known one by one; their mean stands for each.
        """
        if self.span == "cross":
            return batch.tokens * batch.decoder_tokens / batch.samples
        if self.span == "decoder":
            squared = batch.decoder_tokens**2 / batch.samples
            return attended_pairs(batch.decoder_tokens, squared, causal=self.causal, window=self.window)
        return attended_pairs(batch.tokens, batch.squared_lengths, causal=self.causal, window=self.window)


class FlopCosts(msgspec.Struct, frozen=True):
    """What a model costs; multiply with a batch by `of`.

    Args:
        rows: Cost by kind of row: a token of the text, a token of the decoder, a whole sample (pooled heads).
        attention: Cost of attention, layers that attend alike together.
        formula: How it is counted, for people.
    """

    rows: dict[Row, Cost]
    attention: list[AttentionCost]
    formula: str = FORMULA

    def of(self, batch: Batch) -> Cost:
        """Returns the FLOPs of one forward and backward pass over a batch.

        Example:
            >>> costs = FlopCosts({"text": Cost(2e9, 4e9)}, [AttentionCost("text", True, None, Cost(1e5, 2e5))])
            >>> costs.of(Batch(samples=4, tokens=4_000, squared_lengths=4_000_000)).model_flops
            24600000000000.0
        """
        counts = {"text": batch.tokens, "decoder": batch.decoder_tokens, "sample": batch.samples}
        total = sum((cost * counts[row] for row, cost in self.rows.items()), Cost())
        return sum((attention.per_pair * attention.pairs(batch) for attention in self.attention), total)


def attended_pairs(tokens: float, squared_lengths: float, *, causal: bool, window: int | None) -> float:
    """Returns how many query-key pairs sequences have of which the tokens and squared lengths are known.

    The square of the mean length is too low wherever lengths differ, and the square of a packed row far too high: four
    sequences of 1,000 tokens in a row have 4 million pairs, not 16. A window is applied to the mean length that a
    token finds itself in, which is exact where lengths are equal or all within it.

    Example:
        >>> attended_pairs(4_000, 4_000_000, causal=True, window=None)
        2000000.0
        >>> attended_pairs(4_000, 4_000_000, causal=False, window=100)
        400000
    """
    if not tokens:
        return 0.0
    length = squared_lengths / tokens
    if window is None or window >= length:
        return squared_lengths / 2 if causal else squared_lengths
    return tokens * (window - window**2 / (2 * length) if causal else window)
