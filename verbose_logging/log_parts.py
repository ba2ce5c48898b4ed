"""The parts of a log that were set aside when it was full: `NAME.jsonl.1.gz` and so on, beside `NAME.jsonl`."""

from __future__ import annotations

import glob
from pathlib import Path

_PACKED = ".gz"


def parts_of(path: Path) -> list[Path]:
    """Returns the parts of a log beside it, the oldest first; of one that is there twice, the packed file.

    Args:
        path: The log itself, which need not exist.
    """
    found: dict[int, Path] = {}
    for beside in sorted(path.parent.glob(f"{glob.escape(path.name)}.*")):
        number = number_of(beside, path)
        if number is not None and beside.is_file():
            found[number] = beside  # a packed file sorts behind the plain one
    return sorted(found.values(), key=lambda part: (part.stat().st_mtime_ns, number_of(part, path) or 0))


def number_of(part: Path, path: Path) -> int | None:
    """Returns a part's number, `None` for a file that is no part of this log.

    Example:
        >>> number_of(Path("run.jsonl.3.gz"), Path("run.jsonl")), number_of(Path("run.jsonl.bak"), Path("run.jsonl"))
        (3, None)
    """
    number = part.name.removeprefix(f"{path.name}.").removesuffix(_PACKED)
    return int(number) if number.isdecimal() and part.name != path.name else None


def plain_part(path: Path, number: int) -> Path:
    """Returns where a part is set aside, before it is packed."""
    return path.with_name(f"{path.name}.{number}")


def packed_part(part: Path) -> Path:
    """Returns where a part lies once it is packed."""
    return part.with_name(part.name + _PACKED)
