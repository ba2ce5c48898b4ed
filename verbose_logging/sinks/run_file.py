"""The run as one JSON document in the output folder, rewritten as a whole now and then.

It is saved every so many steps, at a checkpoint and at the end, by the thread that writes the log, and never so often
that saving takes more than half a percent of the run. What the file misses after a crash stands in the log.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from verbose_logging.entries import (
    EndBase,
    Entry,
    EvaluationComplete,
    ModelCheckpointSave,
    ProgressReport,
    TrainingStart,
    TrainingStepComplete,
    types_of,
)
from verbose_logging.protocols import Clock
from verbose_logging.run_document import RunDocument
from verbose_logging.run_document.layout import SavedDocument, written
from verbose_logging.sinks.fallback import Fallback
from verbose_logging.sinks.files.whole_file import claim_name, replace_file

USUAL_SHARE = 0.0005
GREATEST_SHARE = 0.005  # leaves room below one percent for the last saving, which is always done
LONGEST_PAUSE_SECONDS = 300.0
_SUFFIX = ".json"
_STAMP = "%Y%m%d_%H%M%S"
_STAMPED = re.compile(r"_\d{8}_\d{6}(-\d+)?\.json$")
_UNSAFE = re.compile(r"[^\w.-]+")
_LONGEST_NAME = 100
_MOST_FILES = 20
_CONTENT = types_of(TrainingStepComplete, ProgressReport, EvaluationComplete, ModelCheckpointSave, EndBase)
_ENDS = types_of(EndBase)


class SavingBudget:
    """Has the next saving wait for so long that the last one took a small share of that time.

    As a rule that is a twentieth of a percent. But a file of which nobody knows for hours what it misses is none, so
    five minutes are enough, unless saving took more than half a percent of them.

    Args:
        clock: Measures both.

    Attributes:
        spent: What saving has taken so far, in seconds.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._due_at = -math.inf
        self.spent = 0.0

    def allows_another(self) -> bool:
        """Returns whether the next saving may happen."""
        return self._clock.monotonic() >= self._due_at

    def note(self, seconds: float) -> None:
        """Takes in that a saving has just ended, and how long it took."""
        self.spent += seconds
        pause = min(seconds / USUAL_SHARE, max(seconds / GREATEST_SHARE, LONGEST_PAUSE_SECONDS))
        self._due_at = self._clock.monotonic() + pause


class RunFileSink:
    """Writes the run's document.

    Args:
        folder: The output folder.
        run_name: Begins the file's name; "run" where there is none.
        every_steps: Steps between two savings.
        clock: Measures what saving costs.
        fallback: Told of trouble.
    """

    def __init__(
        self, folder: Path, *, run_name: str | None, every_steps: int, clock: Clock, fallback: Fallback
    ) -> None:
        self._folder = folder
        self._run_name = run_name
        self._every_steps = every_steps
        self._clock = clock
        self._fallback = fallback
        self._budget = SavingBudget(clock)
        self._document = RunDocument()
        self._path: Path | None = None
        self._is_saved = True
        self._steps_saved = 0

    @property
    def saving_seconds(self) -> float:
        """What saving has taken so far."""
        return self._budget.spent

    def write(self, entries: Sequence[Entry]) -> None:
        """Takes a batch of entries, in order; saves where that is due, and always at an end and behind it."""
        for entry in entries:
            self._document.take(entry)
            if isinstance(entry, TrainingStart):
                self._go_on(entry)
        if self._document.start_time is None:  # a document without a training is none
            return
        kinds = frozenset(map(type, entries))
        if kinds & _CONTENT:
            self._is_saved = False
        must_save = bool(kinds & _ENDS) or (self._document.end_time is not None and not self._is_saved)
        has_enough = len(self._document.steps) - self._steps_saved >= self._every_steps
        wants_saving = has_enough or ModelCheckpointSave in kinds
        if must_save or (wants_saving and self._budget.allows_another()):
            self._save(lasting=must_save)

    def flush(self) -> None:
        """Leaves what waits for the next saving: a document that is handed over every second would cost too much."""

    def close(self) -> None:
        """Saves what is not saved yet."""
        if not self._is_saved:
            self._save(lasting=True)

    def _go_on(self, start: TrainingStart) -> None:
        """Continues this run's own file where the run resumes, else the newest that reaches the step."""
        step = start.resumed_from_step
        if not step or self._path is not None:
            return
        saved = [(path, found) for path in self._earlier_files() if (found := _opened(path)) is not None]
        reaching = [(path, found) for path, found in saved if found.final_iter >= step]
        own = [(path, found) for path, found in saved if start.run_id in found.run_ids]
        path, chosen = next(iter([*own, *reaching]), (None, None))
        if path is None or chosen is None:
            return
        try:
            self._document.go_on_from(chosen.history(), step=step)
        except (OSError, msgspec.MsgspecError, ValueError) as error:
            self._fallback.problem(f"going on with {path}", error)
        else:
            self._path = path
            self._steps_saved = len(self._document.steps)

    def _earlier_files(self) -> list[Path]:
        """Returns the run files in the folder, the newest first."""
        try:
            found = [path for path in self._folder.iterdir() if _STAMPED.search(path.name) and path.is_file()]
            return sorted(found, key=lambda path: path.stat().st_mtime_ns, reverse=True)[:_MOST_FILES]
        except OSError:
            return []

    def _save(self, *, lasting: bool) -> None:
        began_at = self._clock.monotonic()
        try:
            self._path = path = self._path or claim_name(self._folder, self._stem(), _SUFFIX)
            replace_file(path, written(self._document, path.stem), lasting=lasting)
        except OSError as error:
            target = self._path or self._folder / (self._stem() + _SUFFIX)
            self._fallback.failing(target, error, lines_waiting=len(self._document.steps))
        else:
            self._is_saved = True
            self._steps_saved = len(self._document.steps)
        self._budget.note(self._clock.monotonic() - began_at)

    def _stem(self) -> str:
        """Returns the file's name without its suffix: the run's name and when it began."""
        name = _UNSAFE.sub("_", self._run_name or "").strip("._")[:_LONGEST_NAME] or "run"
        began = datetime.fromisoformat(self._document.start_time or "")
        return f"{name}_{began.strftime(_STAMP)}"


def _opened(path: Path) -> SavedDocument | None:
    try:
        return SavedDocument(path)
    except (OSError, ValueError):  # somebody else's file
        return None
