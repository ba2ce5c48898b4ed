"""What a class's docstring says of it and of each of its arguments."""

from __future__ import annotations

import docstring_parser


def arguments_of(kind: type) -> dict[str, str]:
    """Returns each argument's text by its name."""
    return {found.arg_name: found.description or "" for found in docstring_parser.parse(kind.__doc__ or "").params}


def summary_of(kind: object) -> str:
    """Returns everything before the arguments, in one paragraph."""
    parsed = docstring_parser.parse(kind.__doc__ or "")
    return " ".join(part for part in (parsed.short_description, parsed.long_description) if part)
