"""What is known of a data set without running its owner's code: kind, size, columns, how long its first sample is.

The content of a sample is never kept.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sized
from typing import Any

from verbose_logging.inspection.sections import gather


def inspect_dataset(dataset: Any) -> dict[str, Any]:
    """Returns type, size (or `streaming`, where there is none), columns and first_sample_lengths.

    Several evaluation sets in a mapping give a mapping of the same names. `None` gives `{}`.

    Only `datasets.Dataset` and sequences of mappings are looked into: another data set's `__getitem__` may be slow or
    draw random numbers, and a stream would lose its first sample.

    Example:
        >>> inspect_dataset([{"text": "four", "label": 1}])
        {'type': 'list', 'size': 1, 'columns': ['text', 'label'], 'first_sample_lengths': {'text': 4}}
    """
    if dataset is None:
        return {}
    if isinstance(dataset, Mapping):
        return {str(name): inspect_dataset(part) for name, part in dataset.items()}
    return gather(
        {
            "type": lambda: type(dataset).__name__,
            "size": lambda: len(dataset),
            "streaming": lambda: (isinstance(dataset, Iterable) and not _has_size(dataset)) or None,
            "columns": lambda: _columns(dataset),
            "first_sample_lengths": lambda: _lengths(_first_sample(dataset)),
        }
    )


def _has_size(dataset: Any) -> bool:
    try:
        return isinstance(dataset, Sized) and len(dataset) >= 0
    except Exception:  # noqa: BLE001 - many a stream has a __len__ that raises
        return False


def _columns(dataset: Any) -> list[str]:
    named = getattr(dataset, "column_names", None)
    return list(named) if isinstance(named, (list, tuple)) else list(_first_sample(dataset))


def _first_sample(dataset: Any) -> Mapping[str, Any]:
    """Returns the first row as it is stored; nothing where reading it could run foreign code."""
    if isinstance(dataset, (list, tuple)):
        return dataset[0] if dataset and isinstance(dataset[0], Mapping) else {}
    if not (hasattr(dataset, "set_format") and _has_size(dataset)):
        return {}
    # A copy, because a format is a property of the set; as Arrow, because any other decodes images and sound.
    raw = copy.copy(dataset)
    raw.set_format("arrow")
    rows: list[dict[str, Any]] = raw[:1].to_pylist()
    return rows[0]


def _lengths(sample: Mapping[str, Any]) -> dict[str, int]:
    """Returns the length of each column that has one: characters of a text, items of a list, rows of an array."""
    lengths = {name: _length(value) for name, value in sample.items()}
    return {name: length for name, length in lengths.items() if length is not None}


def _length(value: Any) -> int | None:
    if isinstance(value, (str, bytes, list, tuple)):
        return len(value)
    shape = getattr(value, "shape", None)
    return int(shape[0]) if shape else None
