"""A run document on the disk: one JSON object, a row a line.

`written` gives the text in blocks, so that a document is saved without ever standing in memory as a whole, and
`SavedDocument` reads it back line by line. To other programs it is JSON like any other.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from verbose_logging.run_document import History, RunDocument
from verbose_logging.run_document.rows import PackedRows

ROWS = ("training_iterations", "eval_steps", "checkpoints")


def written(document: RunDocument, run_name: str) -> Iterator[bytes]:
    """Yields the document's text.

    Args:
        document: The run so far.
        run_name: The name of the file, without its suffix.
    """
    yield b"{\n"
    yield _field("run_name", run_name)
    yield _field("start_time", document.start_time)
    yield _field("end_time", document.end_time)
    yield _field("config", document.config)
    for name, rows in zip(ROWS, (document.steps, document.evaluations, document.checkpoints), strict=True):
        yield from _rows(name, rows)
    yield _field("metadata", document.metadata)
    yield _field("summary", document.summary(), end=b"\n}\n")


def _field(name: str, value: Any, *, end: bytes = b",\n") -> bytes:
    text = msgspec.json.format(msgspec.json.encode(value), indent=2)
    return f'  "{name}": '.encode() + text.replace(b"\n", b"\n  ") + end


def _rows(name: str, rows: PackedRows) -> Iterator[bytes]:
    if not rows:
        yield f'  "{name}": [],\n'.encode()
        return
    yield f'  "{name}": [\n    '.encode()
    for place, block in enumerate(rows.blocks()):
        yield (b",\n    " if place else b"") + block.rstrip(b"\n").replace(b"\n", b",\n    ")
    yield b"\n  ],\n"


_ROW_BEGINS = b"    {"
_ROW_ENDS = (b"}\n", b"},\n")


class _Rest(msgspec.Struct):
    """What has to stand in a document beside its rows."""

    summary: dict[str, Any]
    metadata: dict[str, Any]


class SavedDocument:
    """A document in a file that `written` made; the rows are read when they are asked for.

    Args:
        path: The file.

    Attributes:
        rest: What it holds beside the rows.

    Raises:
        OSError: It cannot be read.
        ValueError: It is no document, or its rows do not stand a line each.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            rest = b"".join(self._lines_outside_rows())
            msgspec.json.decode(rest, type=_Rest)
            self.rest: dict[str, Any] = msgspec.json.decode(rest)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise ValueError(f"no run document: {error}") from error
        if any(self.rest.get(name) != [] for name in ROWS):
            raise ValueError("its rows do not stand a line each")

    @property
    def final_iter(self) -> int:
        """The last step in it, -1 where there is none."""
        step = self.rest["summary"].get("final_iter")
        return step if isinstance(step, int) else -1

    @property
    def run_ids(self) -> list[str]:
        """The runs whose sessions it holds."""
        return [session.get("run_id", "") for session in self._sessions()]

    def history(self) -> History:
        """Returns what it holds."""
        steps, evaluations, checkpoints = (self.rows_of(name) for name in ROWS)
        start_time = self.rest.get("start_time")
        return History(
            start_time=start_time if isinstance(start_time, str) else None,
            sessions=self._sessions(),
            steps=steps,
            evaluations=evaluations,
            checkpoints=checkpoints,
        )

    def _sessions(self) -> list[dict[str, Any]]:
        sessions = self.rest["metadata"].get("sessions")
        return [dict(session) for session in sessions] if isinstance(sessions, list) else []

    def _lines_outside_rows(self) -> Iterator[bytes]:
        for section, line in self._lines():
            if section is None:
                yield line
            elif not (line.startswith(_ROW_BEGINS) and line.endswith(_ROW_ENDS)):
                raise ValueError("its rows do not stand a line each")

    def rows_of(self, name: str) -> Iterator[bytes]:
        """Yields the rows of that name, as JSON."""
        for section, line in self._lines():
            if section == name:
                yield line.strip().removesuffix(b",")

    def _lines(self) -> Iterator[tuple[str | None, bytes]]:
        """Yields each line with the name of the rows that it belongs to."""
        openings = {f'  "{name}": [\n'.encode(): name for name in ROWS}
        section: str | None = None
        with self._path.open("rb") as file:
            for line in file:
                if section is not None and line.startswith(b"  ]"):
                    section = None
                yield section, line
                section = section or openings.get(line)
