"""One pass over a log: its steps in blocks, every other entry by itself, and what says nothing passed over."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import msgspec

from verbose_logging.reading.fields import text_at
from verbose_logging.reading.files.blocks import Block, OnPosition, line_blocks, unheard
from verbose_logging.reading.files.lines import UNREADABLE, BrokenLineError, Line, line_of, parse_object
from verbose_logging.reading.files.problems import LineProblems
from verbose_logging.reading.files.step_lines import STEP, StepBlock, StepLine, decode_step, step_line

_PASSED = ("training_metrics_update", "step_begin", "substep_complete", "prediction_step")
_STEP_PREFIX = f'{{"type":"{STEP}"'.encode()
_PASSED_PREFIXES = tuple(f'{{"type":"{name}"'.encode() for name in _PASSED)


class Single(NamedTuple):
    """An entry that is no step."""

    number: int
    entry: dict[str, Any]


class Passed(NamedTuple):
    """Entries of a run that a reader of whole runs has no use for, and how many."""

    run_id: str | None
    entries: int


Item: TypeAlias = "StepBlock | Single | Passed"


class LogScan:
    """Iterates over what stands in a log, in the file's order, and remembers what had to be skipped.

    Args:
        path: A log, plain or gzip.
        on_position: Told now and then how many bytes of the file have been read.

    Attributes:
        problems: The lines skipped by the latest iteration.
    """

    def __init__(self, path: Path, on_position: OnPosition = unheard) -> None:
        self._path = path
        self._on_position = on_position
        self._begin()

    def _begin(self) -> None:
        self.problems = LineProblems()
        self._run_id: str | None = None
        self._run_key = b""

    def __iter__(self) -> Iterator[Item]:
        self._begin()
        for block in line_blocks(self._path, self._on_position):
            yield from self.items(block)

    def items(self, block: Block) -> Iterator[Item]:
        """Yields what stands in the next block of the file."""
        rows = _leading_steps(block.lines)
        if rows:
            yield from self._by_run(rows, range(block.first, block.first + len(rows)), block.lines)
        if len(rows) < len(block.lines):
            rest = block.lines[len(rows) :]
            yield from self._mixed_items(Block(block.first + len(rows), rest, block.damage))

    def _mixed_items(self, block: Block) -> Iterator[Item]:
        """Yields what stands in a block; steps wait until something comes that is to be seen after them."""
        steps: list[bytes] = []
        numbers: list[int] = []
        passed = 0
        for number, raw in enumerate(block.lines, start=block.first):
            if raw.startswith(_STEP_PREFIX):
                steps.append(raw)
                numbers.append(number)
            elif raw.startswith(_PASSED_PREFIXES) and raw.endswith(b"}\n") and self._run_key in raw:
                passed += 1
            else:
                yield from self._waiting(steps, numbers, passed)
                steps, numbers, passed = [], [], 0
                yield from self._single(line_of(number, raw, block.damage))
        yield from self._waiting(steps, numbers, passed)

    def _waiting(self, steps: list[bytes], numbers: list[int], passed: int) -> Iterator[Item]:
        if steps:
            yield from self._steps(steps, numbers)
        if passed:
            yield Passed(self._run_id, passed)

    def _steps(self, lines: list[bytes], numbers: Sequence[int]) -> Iterator[Item]:
        rows = _leading_steps(lines)
        if rows:
            yield from self._by_run(rows, numbers[: len(rows)], lines)
        for number, raw in zip(numbers[len(rows) :], lines[len(rows) :], strict=True):
            yield from self._single(line_of(number, raw))

    def _by_run(self, rows: list[StepLine], numbers: Sequence[int], lines: list[bytes]) -> Iterator[Item]:
        if len({row.run_id for row in rows}) == 1:
            yield self._of_run(StepBlock(rows, numbers, (lines[0], lines[len(rows) - 1])))
            return
        for run in _runs(rows):
            part = slice(run[0], run[-1] + 1)
            yield self._of_run(StepBlock(rows[part], numbers[part], (lines[run[0]], lines[run[-1]])))

    def _of_run(self, block: StepBlock) -> StepBlock:
        self._remember(block.run_id)
        return block

    def _single(self, line: Line) -> Iterator[Item]:
        if line.is_blank:
            return
        try:
            entry = parse_object(line)
        except BrokenLineError as error:
            self.problems.skip(line.number, str(error))
            return
        self.problems.check_version(line.number, entry)
        self._remember(text_at(entry, "run_id"))
        yield item_of(line.number, entry)

    def _remember(self, run_id: str | None) -> None:
        """Notes which run the lines belong to, so that those which are passed over need not be decoded."""
        if run_id is not None and run_id != self._run_id:
            self._run_id = run_id
            self._run_key = b'"run_id":' + msgspec.json.encode(run_id)


def _leading_steps(lines: list[bytes]) -> list[StepLine]:
    """Returns the steps on the first lines, up to one that holds none or one that is damaged."""
    rows: list[StepLine] = []
    with contextlib.suppress(*UNREADABLE):
        rows.extend(map(decode_step, lines))  # keeps what came before the error
    return rows


def _runs(rows: list[StepLine]) -> Iterator[list[int]]:
    """Yields the places of rows in a row that belong to one run."""
    for _, places in groupby(range(len(rows)), key=lambda place: rows[place].run_id):
        yield list(places)


def item_of(number: int, entry: Mapping[str, Any]) -> Item:
    """Returns an entry as an item of a scan.

    Args:
        number: The number of its line.
        entry: The entry.
    """
    kind = text_at(entry, "type")
    if kind == STEP:
        return StepBlock([step_line(entry)], [number], (entry, entry))
    if kind in _PASSED:
        return Passed(text_at(entry, "run_id"), 1)
    return Single(number, dict(entry))
