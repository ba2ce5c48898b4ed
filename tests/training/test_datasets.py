"""Training rows from every kind of file, in every shape."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset, DatasetDict, IterableDataset

from verbose_logging.errors import SettingsError
from verbose_logging.training.data_shapes import chat_instruction, plain_instruction
from verbose_logging.training.datasets import load_data, split_off, with_instructions_written

ROWS = [{"text": "one"}, {"text": "two"}]


def _csv(path: Path) -> None:
    path.write_text("text\none\ntwo\n", encoding="utf-8")


def _tsv(path: Path) -> None:
    path.write_text("text\tid\none\t1\ntwo\t2\n", encoding="utf-8")


def _rows(path: Path) -> None:
    path.write_text(json.dumps(ROWS), encoding="utf-8")


def _columns(path: Path) -> None:
    path.write_text(json.dumps({"text": ["one", "two"], "id": [1, 2]}), encoding="utf-8")


def _lines(path: Path) -> None:
    path.write_text("".join(f"{json.dumps(row)}\n\n" for row in ROWS), encoding="utf-8")


def _parquet(path: Path) -> None:
    Dataset.from_list(ROWS).to_parquet(str(path))


def _text(path: Path) -> None:
    path.write_text("one\ntwo\n", encoding="utf-8")


def _saved(path: Path) -> None:
    Dataset.from_list(ROWS).save_to_disk(str(path))


def _folder(path: Path) -> None:
    path.mkdir()
    _lines(path / "train.jsonl")


SOURCES = {
    "rows.csv": _csv,
    "rows.tsv": _tsv,
    "rows.json": _rows,
    "columns.json": _columns,
    "rows.jsonl": _lines,
    "rows.parquet": _parquet,
    "rows.txt": _text,
    "saved": _saved,
    "folder": _folder,
}


@pytest.mark.parametrize(("name", "write"), SOURCES.items(), ids=SOURCES)
def test_every_kind_of_file_gives_its_rows(name: str, write: Callable[[Path], None], tmp_path: Path) -> None:
    """The same two rows from each of them, and no column that is not trained on."""
    write(tmp_path / name)

    assert ROWS == load_data("train_dataset", str(tmp_path / name), {}).rows.to_list()


OBJECTS: dict[str, Any] = {
    "rows": ROWS,
    "columns": {"text": ["one", "two"]},
    "a data set": Dataset.from_list(ROWS),
    "splits": DatasetDict({"train": Dataset.from_list(ROWS), "test": Dataset.from_list(ROWS[:1])}),
    "the only split": DatasetDict({"all": Dataset.from_list(ROWS)}),
}


@pytest.mark.parametrize("source", OBJECTS.values(), ids=OBJECTS)
def test_rows_in_memory_are_taken(source: Any) -> None:
    """Lists, columns and data sets need no file."""
    assert ROWS == load_data("train_dataset", source, {}).rows.to_list()


def test_a_stream_stays_a_stream() -> None:
    """Rows that arrive one by one are not gathered."""
    stream = IterableDataset.from_generator(lambda: iter([{"text": "one", "id": 1}]))

    assert [{"text": "one"}] == list(load_data("train_dataset", stream, {}).rows)


SHAPES = {
    "text": ["text", "id"],
    "prompt and completion": ["prompt", "completion"],
    "messages": ["messages", "id"],
    "instruction": ["instruction", "input", "output", "text"],
    "tokens": ["input_ids"],
}


@pytest.mark.parametrize(("shape", "columns"), SHAPES.items(), ids=SHAPES)
def test_a_shape_is_known_by_its_columns(shape: str, columns: list[str]) -> None:
    """No word about the columns is needed where they have the usual names."""
    kinds: dict[str, Any] = {"messages": [{"role": "user", "content": "x"}], "input_ids": [1]}
    rows = [{column: kinds.get(column, "x") for column in columns}]

    assert shape == load_data("train_dataset", rows, {}).shape.name


def test_columns_are_named() -> None:
    """Other names are said once."""
    data = load_data("train_dataset", {"q": ["a"], "a": ["b"], "text": ["c"]}, {"prompt": "q", "completion": "a"})

    assert [{"prompt": "a", "completion": "b"}] == data.rows.to_list()


def test_a_column_in_the_way_of_a_named_one_is_dropped() -> None:
    """The named column is the one that counts, whatever else is called so."""
    data = load_data("train_dataset", [{"text": "draft", "body": "final"}], {"text": "body"})

    assert [{"text": "final"}] == data.rows.to_list()


def test_instructions_become_prompts() -> None:
    """Plain text for a base model, turns of a chat where the tokenizer has a template."""
    data = load_data("train_dataset", [{"instruction": "Add.", "input": "", "output": "3"}], {})

    (plain,) = with_instructions_written(data, plain_instruction).to_list()
    (chat,) = with_instructions_written(data, chat_instruction).to_list()

    assert {"prompt": "### Instruction\nAdd.\n\n### Response\n", "completion": "3"} == plain
    assert [{"role": "user", "content": "Add."}] == chat["prompt"]


def test_rows_with_nothing_in_them_are_left_out_and_counted() -> None:
    """An empty cell is no text to train on."""
    data = load_data("train_dataset", [{"text": "one"}, {"text": None}, {"text": ""}], {})

    assert (1, 2) == (len(data.rows), data.left_out)


def test_rows_are_split_the_same_way_each_time() -> None:
    """The seed decides which rows are evaluated on."""
    data = load_data("train_dataset", [{"text": str(number)} for number in range(10)], {})

    first, again = (split_off(data, 0.2, seed=1) for _ in range(2))

    assert [8, 2] == [len(part.rows) for part in first]
    assert first[1].rows.to_list() == again[1].rows.to_list()


REFUSED: dict[str, tuple[Any, dict[str, str], str]] = {
    "unknown columns": ([{"a": "x", "b": "y"}], {}, "train_dataset: the data has columns 'a', 'b', expected messages"),
    "a named column that is not there": (
        [{"body": "x"}],
        {"text": "bdy"},
        "columns.text: the data has no column 'bdy', only 'body'; did you mean 'body'?",
    ),
    "a name that is none of ours": ([{"body": "x"}], {"texts": "body"}, "columns.texts: unknown, expected"),
    "nothing": ([], {}, "train_dataset: there is no row; nothing can be trained on"),
    "no rows": ({"text": []}, {}, "train_dataset: there is no row; nothing can be trained on"),
    "empty rows": ([{"text": ""}], {}, "train_dataset: there is 1 row, all of them empty; nothing can be trained on"),
    "splits without train": (
        DatasetDict({"a": Dataset.from_list(ROWS), "b": Dataset.from_list(ROWS)}),
        {},
        "train_dataset: the data has splits a, b and no 'train'; name one: {path: ..., split: ...}",
    ),
    "a number": (5, {}, "train_dataset: got int, expected a file, a name on the hub, rows or a data set"),
}


@pytest.mark.parametrize(("source", "columns", "message"), REFUSED.values(), ids=REFUSED)
def test_data_that_cannot_be_used_is_refused(source: Any, columns: dict[str, str], message: str) -> None:
    """One line says the key, what is there and what was expected."""
    with pytest.raises(SettingsError) as refusal:
        load_data("train_dataset", source, columns)

    assert str(refusal.value).startswith(message)
    assert "\n" not in str(refusal.value)


BROKEN = {
    "rows.json": ('[{"text": "one"}', "rows.json: "),
    "number.json": ("5", "number.json: expected a list of rows or a list for each column"),
    "rows.jsonl": ('{"text": "one"}\n{"text": \n', "rows.jsonl:2: "),
    "list.jsonl": ('{"text": "one"}\n[1]\n', "list.jsonl:2: "),
    "rows.csv": ('text\n"one\ntwo\n', "rows.csv: "),
    "header.csv": ("text\n", "header.csv: there is no row in it"),
    "rows.parquet": ("no parquet", "rows.parquet: "),
}


@pytest.mark.parametrize(("name", "text", "place"), [(name, *case) for name, case in BROKEN.items()], ids=BROKEN)
def test_a_broken_file_is_told_by_its_place(
    name: str, text: str, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key, the file and, where lines count, the line."""
    monkeypatch.chdir(tmp_path)
    Path(name).write_text(text, encoding="utf-8")

    with pytest.raises(SettingsError) as refusal:
        load_data("train_dataset", name, {})

    assert str(refusal.value).startswith(f"train_dataset: {place}")
    assert "\n" not in str(refusal.value)


def test_a_name_on_a_hub_that_does_not_answer_is_told() -> None:
    """What the hub does not give is one line too."""
    with pytest.raises(SettingsError, match=r"train_dataset: someone/something: ") as refusal:
        load_data("train_dataset", "someone/something", {})

    assert "\n" not in str(refusal.value)
