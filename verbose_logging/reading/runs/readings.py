"""The machine's readings in a log, each once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from verbose_logging.reading.files.blocks import line_blocks
from verbose_logging.reading.files.lines import UNREADABLE, BrokenLineError, Line, line_of, parse_object

_KEY = b'"resource_usage"'


class _Line(msgspec.Struct, frozen=True, gc=False):
    run_id: str | None = None
    step: int | None = None
    timestamp: str | None = None
    resource_usage: dict[str, Any] | None = None


_decode = msgspec.json.Decoder(_Line).decode


def read_resources(path: Path, run_id: str | None) -> list[dict[str, Any]]:
    """Returns the readings of a run, flat, with the step and the time of the entry that first carried each.

    Args:
        path: A log.
        run_id: The run; `None` for every one.

    Raises:
        LogError: The file cannot be opened.
    """
    found: list[dict[str, Any]] = []
    sampled_at: Any = None
    for line in _lines(path):
        usage = line.resource_usage
        if not usage or (run_id is not None and line.run_id not in {run_id, None}):
            continue
        if usage.get("sampled_at") is not None and usage["sampled_at"] == sampled_at:
            continue
        sampled_at = usage.get("sampled_at")
        found.append({"step": line.step, "timestamp": line.timestamp} | flat_reading(usage))
    return found


def _lines(path: Path) -> Iterator[_Line]:
    for block in line_blocks(path):
        for number, content in enumerate(block.lines, start=block.first):
            if _KEY not in content:
                continue
            try:
                yield _decode(content)
            except UNREADABLE:
                yield from _odd_line(line_of(number, content))


def _odd_line(line: Line) -> Iterator[_Line]:
    try:
        yield msgspec.convert(parse_object(line), _Line)
    except (BrokenLineError, msgspec.ValidationError):
        return


def flat_reading(usage: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a reading with dotted names; the devices of a list are numbered.

    Example:
        >>> flat_reading({"memory": {"usage_percent": 5.0}, "gpu": {"devices": [{"index": 0, "power_w": 70.0}]}})
        {'memory.usage_percent': 5.0, 'gpu.devices.0.index': 0, 'gpu.devices.0.power_w': 70.0}
    """
    return dict(_flat(usage, ""))


def _flat(value: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        parts = value.items()
    elif isinstance(value, list):
        parts = {str(place): item for place, item in enumerate(value)}.items()
    else:
        yield prefix, value
        return
    for key, item in parts:
        yield from _flat(item, f"{prefix}.{key}" if prefix else str(key))
