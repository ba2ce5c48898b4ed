"""Tokenizers: the one that belongs to a model, or one that is trained on the text at hand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import AutoTokenizer, PreTrainedTokenizerBase, PreTrainedTokenizerFast

from verbose_logging.errors import SettingsError, first_line

VOCABULARY_SIZE = 2048
_END, _PADDING = "<|endoftext|>", "<|pad|>"
_CHAT_TEMPLATE = (
    "{% for message in messages %}{{ message['role'] + ': ' + message['content'] + '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'assistant: ' }}{% endif %}"
)


def load_tokenizer(key: str, name: str, *, trust_remote_code: bool) -> PreTrainedTokenizerBase:
    """Returns the tokenizer of a folder or of a name on the hub.

    Args:
        key: The config's key that names it, for messages.
        name: The folder or the name.
        trust_remote_code: Whether code that comes with it may run.

    Raises:
        SettingsError: There is none.
    """
    try:
        return AutoTokenizer.from_pretrained(name, trust_remote_code=trust_remote_code)
    except (OSError, ValueError) as error:
        raise SettingsError(f"{key}: {name}: no tokenizer there ({first_line(error)})") from error


def train_tokenizer(texts: Iterable[str], vocabulary_size: int = VOCABULARY_SIZE) -> PreTrainedTokenizerFast:
    """Returns a byte-level BPE tokenizer trained on the texts, with an end, a padding and a plain chat template.

    Args:
        texts: What it learns its pieces from.
        vocabulary_size: Pieces at most; a short text yields fewer.

    Example:
        >>> tokenizer = train_tokenizer(["to be or not to be"] * 9, vocabulary_size=270)
        >>> tokenizer.decode(tokenizer("not to be")["input_ids"])
        'not to be'
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary_size,
        special_tokens=[_END, _PADDING],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    made = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=_END, pad_token=_PADDING)
    made.chat_template = _CHAT_TEMPLATE
    made.model_input_names = ["input_ids", "attention_mask"]
    return made


def token_ids(tokenizer: Any) -> dict[str, int | None]:
    """Returns the ids of a tokenizer's special tokens, by the names that a model's config gives them."""
    return {name: getattr(tokenizer, name, None) for name in ("bos_token_id", "eos_token_id", "pad_token_id")}
