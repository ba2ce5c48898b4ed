"""A run JSON read as if it were a log, so that whatever reads a log reads it too."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby, islice
from pathlib import Path
from typing import Any

import msgspec

from verbose_logging.errors import LogError
from verbose_logging.reading.fields import count_at, group_at, known, number_at, text_at
from verbose_logging.reading.files.blocks import OnPosition, opened, unheard
from verbose_logging.reading.files.lines import UNREADABLE
from verbose_logging.reading.files.problems import LineProblems
from verbose_logging.reading.files.scan import Item, Single
from verbose_logging.reading.files.step_lines import STEP, StepBlock, step_line
from verbose_logging.run_document import OUTCOMES
from verbose_logging.run_document.layout import ROWS, SavedDocument

_ROWS_AT_ONCE = 1000
_END_TYPES = {outcome: kind for kind, outcome in OUTCOMES.items()}


class DocumentScan:
    """Iterates over what stands in a run JSON, as a log has it; one of our own is read line by line.

    Args:
        path: A run JSON, ours or one of nanoGPT's kind.
        on_position: Told how many bytes of the file have been read.

    Attributes:
        problems: Always empty: a document is read as a whole or not at all.

    Raises:
        LogError: On iteration, when the file is no run JSON.
    """

    def __init__(self, path: Path, on_position: OnPosition = unheard) -> None:
        self._path = path
        self._on_position = on_position
        self.problems = LineProblems()

    def __iter__(self) -> Iterator[Item]:
        for is_step, entries in groupby(self.entries(), key=_is_step):
            if is_step:
                yield from _blocks(entries)
            else:
                yield from (Single(0, entry) for entry in entries)
        self._on_position(self._path.stat().st_size)

    def entries(self) -> Iterator[dict[str, Any]]:
        """Yields what stands in the document as a log would have it: the steps first, as they stand there."""
        rest, rows = _opened(self._path)
        yield from _header(rest, self._path)
        yield from map(_step, rows["training_iterations"])
        yield from map(_evaluation, rows["eval_steps"])
        yield from map(_checkpoint, rows["checkpoints"])
        yield from _end(rest)


def _is_step(entry: Mapping[str, Any]) -> bool:
    return bool(entry["type"] == STEP)


def _blocks(entries: Iterator[dict[str, Any]]) -> Iterator[StepBlock]:
    while some := list(islice(entries, _ROWS_AT_ONCE)):
        yield StepBlock([step_line(entry) for entry in some], [0] * len(some), (some[0], some[-1]))


Rows = dict[str, Iterable[Mapping[str, Any]]]


def _opened(path: Path) -> tuple[Mapping[str, Any], Rows]:
    """Returns what a document holds beside its rows, and the rows."""
    try:
        ours = SavedDocument(path)
    except ValueError:
        return _foreign(path)
    except OSError as error:
        raise LogError(f"{path}: {error.strerror or error}") from error
    return ours.rest, {name: _decoded(path, ours.rows_of(name)) for name in ROWS}


def _decoded(path: Path, rows: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    try:
        yield from map(decode, rows)
    except UNREADABLE as error:
        raise LogError(f"{path}: a broken row: {error}") from error


def _foreign(path: Path) -> tuple[Mapping[str, Any], Rows]:
    with opened(path) as (stream, _):
        content = stream.read()
    try:
        document = _parse(content)
    except (ValueError, RecursionError) as error:
        raise LogError(f"{path}: not a run JSON: {error}") from error
    if not is_run_document(document):
        raise LogError(f"{path}: JSON, but no run: 'training_iterations' is missing")
    return document, {name: [row for row in _list(document, name) if isinstance(row, dict)] for name in ROWS}


def _parse(content: bytes) -> Any:
    try:
        return msgspec.json.decode(content)
    except msgspec.DecodeError:
        return json.loads(content)


def is_run_document(value: Any) -> bool:
    """Tells whether a JSON value is a run."""
    return isinstance(value, dict) and isinstance(value.get("training_iterations"), list)


def _list(document: Mapping[str, Any], name: str) -> list[Any]:
    found = document.get(name)
    return found if isinstance(found, list) else []


def _header(rest: Mapping[str, Any], path: Path) -> Iterator[dict[str, Any]]:
    config, metadata = group_at(rest, "config"), group_at(rest, "metadata")
    name = text_at(rest, "run_name") or path.stem
    run_id = text_at(metadata, "run_id") or name
    common = {"run_id": run_id, "step": 0} | known(timestamp=text_at(rest, "start_time"))
    described = {
        "training_args": {key: value for key, value in config.items() if key != "model_config"},
        "model_info": group_at(metadata, "model") | {"config": group_at(config, "model_config")},
        "dataset_info": group_at(metadata, "data"),
        "settings": known(verbosity_level=text_at(metadata, "verbosity_level")),
        "run_name": name,
        "metadata": metadata,
        "names_findings": False,  # they stand in the log alone, so that none here says nothing of the run's health
    }
    yield {"type": "training_initialization", **common, **described}
    planned = known(total_steps=count_at(metadata, "total_steps"), world_size=count_at(metadata, "world_size"))
    yield {"type": "training_start", "attempt": 1, **common, **planned}


def _step(row: Mapping[str, Any]) -> dict[str, Any]:
    milliseconds, mfu = number_at(row, "time_ms"), number_at(row, "mfu")
    metrics = known(loss=row.get("loss"), learning_rate=number_at(row, "lr"), grad_norm=row.get("grad_norm"))
    marks = {f"metrics.{name}": mark for name, mark in group_at(row, "nonfinite").items()}
    return {
        "type": STEP,
        "step": row.get("iter"),
        "timing": {} if milliseconds is None else {"step_time_seconds": milliseconds / 1000},
        "metrics": metrics | ({"mfu_percent": mfu} if mfu is not None and mfu >= 0 else {}),
        "nonfinite": marks,
    }


def _evaluation(row: Mapping[str, Any]) -> dict[str, Any]:
    metric = text_at(row, "metric") or "eval_loss"
    losses = {metric: row.get("val_loss"), "train_loss": row.get("train_loss")}
    metrics = known(**losses, learning_rate=number_at(row, "lr"))
    return {"type": "evaluation_complete", "step": row.get("iter"), "metrics": metrics} | _dated(row)


def _checkpoint(row: Mapping[str, Any]) -> dict[str, Any]:
    metrics = known(eval_loss=row.get("val_loss"))
    place = known(path=text_at(row, "path"))
    return {"type": "model_checkpoint_save", "step": row.get("iter"), "metrics": metrics} | place | _dated(row)


def _dated(row: Mapping[str, Any]) -> dict[str, Any]:
    return known(timestamp=text_at(row, "timestamp"))


def _end(rest: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A document with an end time is that of a run that ended, in the way that its last session did."""
    ended = text_at(rest, "end_time")
    if ended is None:
        return
    sessions = _list(group_at(rest, "metadata"), "sessions")
    outcome = text_at(sessions[-1], "outcome") if sessions and isinstance(sessions[-1], dict) else None
    kind = _END_TYPES.get(outcome or "complete", "training_complete")
    yield {"type": kind, "timestamp": ended} | known(step=count_at(rest, "summary", "final_iter"))
