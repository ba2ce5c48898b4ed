"""What one row of a layer's input is: a token of the text, a token of the decoder, or a whole sample."""

from __future__ import annotations

import re
from typing import Any, Literal, NamedTuple, TypeAlias

from verbose_logging.flops.costs import Row

Stream: TypeAlias = Literal["text", "decoder"]

_CROSS = re.compile(r"cross|enc_?dec|encoder_att")
_KEYS_AND_VALUES = {"k", "v", "k_proj", "v_proj", "key", "value", "c_attn"}
_POOLED_MODELS = ("ForSequenceClassification", "ForMultipleChoice", "ForNextSentencePrediction")
_POOLED_HEADS = {"classifier", "pre_classifier", "classification_head", "head"}


class Place(NamedTuple):
    """Where a module stands.

    Args:
        row: What one row of its input is.
        source: The stream that its input comes from.
        streams: The streams that its output joins.
    """

    row: Row
    source: Stream
    streams: tuple[Stream, ...]


class Rows:
    """Tells a layer's rows from its path.

    Args:
        encoder_decoder: Whether the model reads one text and writes another.
        pooled: Whether its head works on one vector per sample. (A head named `score` works on every token, also where
            only the last one's result is used.)

    Example:
        >>> Rows(encoder_decoder=True, pooled=False).place("decoder.block.0.layer.1.EncDecAttention.k")
        Place(row='text', source='text', streams=('decoder',))
    """

    def __init__(self, *, encoder_decoder: bool, pooled: bool) -> None:
        self._encoder_decoder = encoder_decoder
        self._pooled = pooled

    @classmethod
    def of(cls, model: Any, config: Any) -> Rows:
        """Returns the rows of a live model."""
        names = {type(module).__name__ for module in model.modules()}
        return cls(
            encoder_decoder=bool(getattr(config, "is_encoder_decoder", False)),
            pooled=any(name.endswith(_POOLED_MODELS) for name in names),
        )

    def place(self, path: str) -> Place:
        """Returns where the module of that path stands."""
        parts = path.split(".")
        stack = next((part for part in parts if part in {"encoder", "decoder"}), None)
        home: Stream = "decoder" if self._encoder_decoder and stack != "encoder" else "text"
        if home == "decoder" and is_cross_attention(path) and parts[-1] in _KEYS_AND_VALUES:
            return Place("text", "text", ("decoder",))
        shared = self._encoder_decoder and stack is None
        return Place("sample" if self._is_pooled(parts) else home, home, ("text", "decoder") if shared else (home,))

    def _is_pooled(self, parts: list[str]) -> bool:
        return (
            "pooler" in parts or "seq_relationship" in parts or (self._pooled and not _POOLED_HEADS.isdisjoint(parts))
        )


def is_cross_attention(path: str) -> bool:
    """Returns whether a path leads into a decoder's attention to the encoder's text.

    Example:
        >>> is_cross_attention("model.decoder.layers.0.encoder_attn"), is_cross_attention("model.decoder.layers.0.fc1")
        (True, False)
    """
    return _CROSS.search(path.lower()) is not None
