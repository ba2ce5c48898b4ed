"""Whether the models and data sets that a config names are there, judged before anything is loaded."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from verbose_logging.errors import hint_at_neighbours

DATA_FORMATS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".txt": "text",
    ".md": "text",
}


def is_path(name: str) -> bool:
    """Returns whether a name means a file or folder here, not something on the hub.

    Example:
        >>> is_path("data/train.csv"), is_path("./model"), is_path("Qwen/Qwen3-0.6B"), is_path("imdb")
        (True, True, False, False)
    """
    path = located(name)
    return exists(path) or name.startswith(("/", ".", "~")) or path.suffix in DATA_FORMATS or len(path.parts) > 2  # noqa: PLR2004 - OWNER/NAME


def located(name: str) -> Path:
    """Returns the path that a name means here, the home folder's `~` replaced where there is one."""
    try:
        return Path(name).expanduser()
    except (RuntimeError, ValueError):  # nobody of that name, or no name at all
        return Path(name)


def exists(path: Path) -> bool:
    """Returns whether there is such a file or folder; what no file name can hold is not there."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def data_problem(source: Any) -> str | None:
    """Returns what is wrong with where data shall come from, `None` where nothing is seen from here.

    Args:
        source: A path, a name on the hub, arguments of `datasets.load_dataset`, columns, rows, or a data set.
    """
    if isinstance(source, str):
        return _data_path_problem(source) if is_path(source) or not source else None
    if isinstance(source, bool | int | float):
        return f"got {source!r}, expected a file, a folder, a name on the hub or a data set"
    if isinstance(source, dict) and not _is_columns(source) and "path" not in source:
        return "got a mapping without 'path', expected the arguments of datasets.load_dataset or a list for each column"
    return None


def model_problem(model: Any) -> str | None:
    """Returns what is wrong with the model that a config names, `None` where nothing is seen from here."""
    if isinstance(model, dict):
        return None if "architecture" in model else "got a mapping without 'architecture', such as 'qwen2' or 'gpt2'"
    if not model:
        return "got an empty text, expected a name on the hub or a folder"
    if not is_path(model):
        return None
    return folder_problem(located(model), "config.json")


def folder_problem(folder: Path, needed: str) -> str | None:
    """Returns what is wrong with a folder that should hold a certain file."""
    if not exists(folder):
        return f"{folder}: no such folder{hint_at_neighbours(folder)}"
    if not folder.is_dir():
        return f"{folder}: expected a folder, got a file"
    return None if exists(folder / needed) else f"{folder}: no {needed} in it"


def output_problem(folder: str) -> str | None:
    """Returns why a folder cannot be made or written to, `None` where it can."""
    path = located(folder)
    above = next((each for each in (path, *path.absolute().parents) if exists(each)), path)
    if not above.is_dir():
        return f"{folder}: {above} is a file, expected a folder"
    return None if os.access(above, os.W_OK) else f"{folder}: {above} cannot be written to"


def _data_path_problem(source: str) -> str | None:
    path = located(source)
    if not source or not exists(path):
        return f"{source or 'got an empty text'}: no such file or folder{hint_at_neighbours(path)}"
    if path.is_file() and path.suffix not in DATA_FORMATS:
        return f"{source}: files ending in '{path.suffix}' are not read; expected {', '.join(DATA_FORMATS)}"
    return None


def _is_columns(source: dict[str, Any]) -> bool:
    return bool(source) and all(isinstance(column, list) for column in source.values())
