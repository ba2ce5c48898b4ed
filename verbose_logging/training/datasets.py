"""Training rows from wherever they lie: files, folders, the hub, or memory; in one of the shapes of `data_shapes`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import msgspec
from datasets import Dataset, DatasetDict, IterableDataset, load_dataset, load_from_disk

from verbose_logging.errors import SettingsError, first_line
from verbose_logging.formatting import counted
from verbose_logging.training.data_shapes import INSTRUCTION, Shape, WriteInstruction, renaming, shape_of
from verbose_logging.training.sources import DATA_FORMATS, is_path, located

Rows: TypeAlias = Dataset | IterableDataset


class TrainingData(NamedTuple):
    """Rows of one shape.

    Args:
        rows: The rows, with the columns that the shape uses.
        shape: What is in them.
        left_out: How many rows were left out because something that the shape needs is empty in them.
    """

    rows: Rows
    shape: Shape
    left_out: int = 0


def load_data(key: str, source: Any, columns: Mapping[str, str]) -> TrainingData:
    """Returns the rows of a source.

    Args:
        key: The config's key that names the source, for messages.
        source: A CSV, TSV, JSON (rows, or a list for each column), JSONL, Parquet or text file; a folder that
            `save_to_disk` wrote or that holds such files; a name on the hub; arguments of `datasets.load_dataset`;
            rows, columns, or a data set. Of several splits "train" is taken, or the only one.
        columns: The data's own column for each of ours.

    Raises:
        SettingsError: The source cannot be read, holds no row, or has columns of no shape.

    Example:
        >>> data = load_data("train_dataset", [{"text": "a"}, {"text": ""}, {"text": None}], {})
        >>> data.shape.name, len(data.rows), data.left_out
        ('text', 1, 2)
    """
    rows = _one_split(key, _loaded(key, source))
    try:
        return _shaped(rows, columns)
    except SettingsError as error:
        text = str(error)
        raise SettingsError(text if text.startswith("columns.") else f"{key}: {text}") from None


def _shaped(rows: Rows, columns: Mapping[str, str]) -> TrainingData:
    if not _columns(rows):
        raise SettingsError("there is no row; nothing can be trained on")
    rows = _renamed(rows, columns)
    shape = shape_of(columns if _has_shape(columns) else _columns(rows))
    data = _without_empty_rows(rows.select_columns(shape.columns(_columns(rows))), shape)
    shape.check(next(iter(data.rows), {}))
    return data


def _renamed(rows: Rows, named: Mapping[str, str]) -> Rows:
    """Returns the rows with our names for the columns that were named; a column that stands in the way is dropped."""
    names = {theirs: ours for theirs, ours in renaming(_columns(rows), named).items() if theirs != ours}
    in_the_way = [ours for ours in names.values() if ours in _columns(rows) and ours not in names]
    return rows.remove_columns(in_the_way).rename_columns(names) if names else rows


def with_instructions_written(data: TrainingData, write: WriteInstruction) -> Rows:
    """Returns the rows with instructions turned into prompts and completions; other shapes are as they were."""
    if data.shape is not INSTRUCTION:
        return data.rows
    return data.rows.map(write, remove_columns=data.shape.columns(_columns(data.rows)))


def split_off(data: TrainingData, fraction: float, seed: int) -> tuple[TrainingData, TrainingData]:
    """Returns the rows to train on and those to evaluate on.

    Raises:
        SettingsError: The rows arrive as a stream, or are too few to be parted.
    """
    if not isinstance(data.rows, Dataset):
        raise SettingsError("eval_fraction: a stream has no known length; name an eval_dataset")
    if not 0 < round(len(data.rows) * fraction) < len(data.rows):
        rows = counted(len(data.rows), "row")
        raise SettingsError(f"eval_fraction: got {fraction}, which leaves nothing on one side of {rows}")
    parts = data.rows.train_test_split(test_size=fraction, seed=seed)
    return data._replace(rows=parts["train"]), data._replace(rows=parts["test"], left_out=0)


def _has_shape(named: Mapping[str, str]) -> bool:
    """Returns whether the named columns alone tell the shape."""
    try:
        shape_of(named)
    except SettingsError:
        return False
    return True


def _columns(rows: Rows) -> list[str]:
    names = rows.column_names
    return list(names) if names is not None else list(next(iter(rows), {}))


def _loaded(key: str, source: Any) -> Any:
    if isinstance(source, str | Path):
        name = str(source)
        return _from_path(key, located(name)) if is_path(name) else _from_hub(key, {"path": name})
    if isinstance(source, list):
        return Dataset.from_list(source)
    if isinstance(source, Mapping) and not isinstance(source, DatasetDict):
        columns = all(isinstance(column, list) for column in source.values())
        return Dataset.from_dict(dict(source)) if columns else _from_hub(key, source)
    if isinstance(source, Dataset | IterableDataset | Mapping):
        return source
    raise SettingsError(f"{key}: got {type(source).__name__}, expected a file, a name on the hub, rows or a data set")


def _from_hub(key: str, arguments: Mapping[str, Any]) -> Any:
    try:
        return load_dataset(**arguments)
    except Exception as error:  # the hub's client, its file system and each format have errors of their own
        raise SettingsError(f"{key}: {arguments['path']}: {first_line(error)}") from error


def _from_path(key: str, path: Path) -> Any:
    if path.is_dir():
        saved = (path / "state.json").exists() or (path / "dataset_dict.json").exists()
        return load_from_disk(str(path)) if saved else _from_hub(key, {"path": str(path)})
    try:
        return _READERS[DATA_FORMATS[path.suffix]](path)
    except SettingsError as error:
        raise SettingsError(f"{key}: {error}") from error.__cause__
    except Exception as error:  # each format's parser has errors of its own
        raise SettingsError(f"{key}: {path}: {first_line(error.__cause__ or error)}") from error


def _from_csv(path: Path) -> Dataset:
    with path.open("rb") as lines:
        if not any(line.strip() for line in islice(lines, 1, None)):
            raise SettingsError(f"{path}: there is no row in it")
    return Dataset.from_csv(str(path), sep="\t" if path.suffix == ".tsv" else ",")


def _from_json(path: Path) -> Dataset:
    try:
        content = msgspec.json.decode(path.read_bytes())
    except msgspec.DecodeError as error:
        raise SettingsError(f"{path}: {error}") from error
    if isinstance(content, list) and all(isinstance(row, dict) for row in content):
        return Dataset.from_list(content)
    if isinstance(content, dict) and all(isinstance(column, list) for column in content.values()):
        return Dataset.from_dict(content)
    raise SettingsError(f"{path}: expected a list of rows or a list for each column")


def _from_jsonl(path: Path) -> Dataset:
    rows = []
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                rows.append(_row(f"{path}:{number}", line))
    return Dataset.from_list(rows)


def _row(place: str, line: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(line, type=dict[str, Any])
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise SettingsError(f"{place}: {error}") from error


def _from_text(path: Path) -> Dataset:
    return Dataset.from_text(str(path))


def _from_parquet(path: Path) -> Dataset:
    return Dataset.from_parquet(str(path))


_READERS: dict[str, Callable[[Path], Dataset]] = {
    "csv": _from_csv,
    "json": _from_json,
    "jsonl": _from_jsonl,
    "parquet": _from_parquet,
    "text": _from_text,
}


def _one_split(key: str, loaded: Any) -> Rows:
    if not isinstance(loaded, Mapping):
        return loaded
    splits = dict(loaded)
    if "train" in splits or len(splits) == 1:
        return splits.get("train") or next(iter(splits.values()))
    names = ", ".join(splits)
    raise SettingsError(f"{key}: the data has splits {names} and no 'train'; name one: {{path: ..., split: ...}}")


def _without_empty_rows(rows: Rows, shape: Shape) -> TrainingData:
    """Leaves out rows in which something is empty that the shape needs; a stream is left as it is."""
    if not isinstance(rows, Dataset):
        return TrainingData(rows, shape)
    full = rows.filter(lambda row: all(row[column] for column in shape.needed))
    if not len(full):
        what = f"{counted(len(rows), 'row')}, all of them empty" if len(rows) else "no row"
        raise SettingsError(f"there is {what}; nothing can be trained on")
    return TrainingData(full, shape, len(rows) - len(full))
