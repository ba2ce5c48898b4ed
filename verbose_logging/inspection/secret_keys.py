"""Which names say that their value is a secret.

A name counts by its words, however they are joined: `hubToken`, `HUB_TOKEN`, `--hub-token` and `X-Hub-Token` are one.
"token" is the hard one: it ends the names of credentials and of vocabulary entries alike.
"""

from __future__ import annotations

import re
from typing import Any

_CAMEL_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NO_WORD = re.compile(r"[^a-z0-9]+")
_SECRET_ANYWHERE = re.compile(
    r"secret|passw(?:or)?d|passphrase|credential|webhook|authorization|cookie|connection_string"
    r"|(?:api|private|access|signing|encryption)_?keys?(?:_|$)"
    r"|(?:access|api|auth|bearer|hub|refresh)_tokens(?:_|$)"
)
_SECRET_LAST_WORDS = frozenset({"auth", "bearer", "dsn", "pwd"})
_BEFORE_A_VOCABULARY_TOKEN = frozenset(
    {
        *("audio", "bos", "cls", "end", "eos", "fake", "image", "last", "mask", "max", "min", "n", "new", "next"),
        *("num", "pad", "per", "sep", "special", "start", "stop", "think", "unk", "video", "word"),
    }
)
_VOCABULARY_TOKEN = re.compile(r"<.{1,64}>|\[.{1,64}\]")


def is_secret(name: str, value: Any) -> bool:
    """Returns whether a value under that name must not be shown. Nothing, "" and booleans give nothing away.

    Example:
        >>> is_secret("hub_token", "abc"), is_secret("pad_token", "abc"), is_secret("max_tokens", 5)
        (True, False, False)
        >>> is_secret("boi_token", "<start_of_image>"), is_secret("flops_per_token", 1e9), is_secret("password", None)
        (False, False, False)
    """
    if value is None or isinstance(value, bool) or value == "":
        return False
    joined = _NO_WORD.sub("_", _CAMEL_HUMP.sub("_", name).lower()).strip("_")
    if _SECRET_ANYWHERE.search(joined):
        return True
    words = joined.split("_")
    if words[-1] in _SECRET_LAST_WORDS:
        return True
    return _names_a_credential_token(words) and not _is_of_a_vocabulary(value)


def _names_a_credential_token(words: list[str]) -> bool:
    if not words[-1].endswith("token"):
        return False
    before = words[-1].removesuffix("token") or "".join(words[-2:-1])
    return before not in _BEFORE_A_VOCABULARY_TOKEN


def _is_of_a_vocabulary(value: Any) -> bool:
    """Returns whether the value is a count, or looks like a special token: no credential does."""
    return isinstance(value, (int, float)) or (isinstance(value, str) and bool(_VOCABULARY_TOKEN.fullmatch(value)))
