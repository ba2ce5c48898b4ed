"""The text that the demo trains on; provenance and licence stand in the README beside it."""

from __future__ import annotations

from importlib import resources

import msgspec


def load_devils_dictionary() -> list[dict[str, str]]:
    """Returns the entries of The Devil's Dictionary in alphabetical order, each with its `word` and its whole `text`.

    Example:
        >>> load_devils_dictionary()[1]["word"]
        'ABATIS'
    """
    content = resources.files(__name__).joinpath("devils_dictionary.jsonl").read_bytes()
    return msgspec.json.Decoder(dict[str, str]).decode_lines(content)
