"""One run as one document: its configuration, every step, evaluation and checkpoint, and a summary.

The document is a function of the log's entries, so one that is built while training runs and one that is made from the
log later are the same. `layout` has its form on the disk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from verbose_logging.entries import (
    EndBase,
    Entry,
    EvaluationComplete,
    ModelCheckpointSave,
    ProgressReport,
    SystemInitialization,
    TrainingInitialization,
    TrainingStart,
    TrainingStepComplete,
    entry_type,
    types_of,
)
from verbose_logging.run_document.metadata import metadata_of_start, metadata_of_system, metadata_of_training
from verbose_logging.run_document.rows import (
    CheckpointRow,
    EvaluationRow,
    PackedRows,
    StepRow,
    checkpoint_row,
    evaluation_row,
    step_row,
)
from verbose_logging.run_document.totals import Totals

OUTCOMES = {
    "training_complete": "complete",
    "training_interrupted": "interrupted",
    "training_failed": "failed",
}


class History(msgspec.Struct, kw_only=True):
    """What an earlier document holds, for one that goes on with it.

    Args:
        start_time: When its first session began.
        sessions: Its `metadata.sessions`.
        steps: Its rows, as JSON.
        evaluations: Its rows, as JSON.
        checkpoints: Its rows, as JSON.
    """

    start_time: str | None
    sessions: list[dict[str, Any]]
    steps: Iterable[bytes]
    evaluations: Iterable[bytes]
    checkpoints: Iterable[bytes]


class RunDocument:
    """Follows a run's entries.

    Attributes:
        start_time: Timestamp of the first training's start; `None` before it.
        end_time: Timestamp of the end; `None` while the run goes on, and for one that was killed.
        config: The training arguments, and the model's own configuration as `model_config`.
        metadata: Device, types, packages, sessions: what is known of the surroundings.
        steps: The rows of `training_iterations`.
        evaluations: The rows of `eval_steps`.
        checkpoints: The rows of `checkpoints`.
    """

    def __init__(self) -> None:
        self.start_time: str | None = None
        self.end_time: str | None = None
        self.config: dict[str, Any] = {}
        self.metadata: dict[str, Any] = {"sessions": []}
        self._resumes = False
        self._takers: dict[type, Callable[[Any], None]] = {
            SystemInitialization: self._take_system,
            TrainingInitialization: self._take_training,
            TrainingStart: self._take_start,
            TrainingStepComplete: self._take_step,
            ProgressReport: self._take_report,
            EvaluationComplete: self._take_evaluation,
            ModelCheckpointSave: self._take_checkpoint,
            **dict.fromkeys(types_of(EndBase), self._take_end),
        }
        self._clear()

    def _clear(self) -> None:
        self.steps, self.evaluations, self.checkpoints = PackedRows(), PackedRows(), PackedRows()
        self._totals = Totals()

    def take(self, entry: Entry) -> None:
        """Takes in an entry; most types say nothing that stands in the document."""
        if (taker := self._takers.get(type(entry))) is not None:
            taker(entry)

    def go_on_from(self, history: History, *, step: int) -> None:
        """Puts an earlier document's history up to a step before this run, which resumes there.

        Raises:
            msgspec.MsgspecError: A row is none.
        """
        own = self.metadata["sessions"]
        self._clear()
        self._refill(history, up_to=step)
        self.start_time = history.start_time or self.start_time
        self.metadata["sessions"] = [*history.sessions, *own]

    def summary(self) -> dict[str, Any]:
        """Returns the document's `summary`."""
        counts = {"total_eval_steps": len(self.evaluations), "total_checkpoints": len(self.checkpoints)}
        return self._totals.summary() | counts

    def _take_system(self, entry: SystemInitialization) -> None:
        self.metadata |= metadata_of_system(entry)

    def _take_training(self, entry: TrainingInitialization) -> None:
        model_config = entry.model_info.get("config")
        self.config = dict(entry.training_args) | ({"model_config": model_config} if model_config else {})
        self.metadata |= metadata_of_training(entry)

    def _take_start(self, entry: TrainingStart) -> None:
        """A start that is no resume is the first, or the Trainer begins anew with a smaller batch."""
        if not entry.resumed_from_step:
            self._clear()
            self.metadata["sessions"] = []
            self.start_time = entry.timestamp
        else:
            self._cut(entry.resumed_from_step)
            self.start_time = self.start_time or entry.timestamp
        self.end_time = None
        self._resumes = bool(entry.resumed_from_step)
        self.metadata |= metadata_of_start(entry)
        session = {"run_id": entry.run_id, "started_at": entry.timestamp, "first_step": entry.resumed_from_step or 0}
        self.metadata["sessions"].append(session)

    def _cut(self, step: int, *, last_step: int | None = None) -> None:
        """Forgets what lies above a step, because it is done again; of the steps themselves those above the last."""
        if self._totals.final_iter > (step if last_step is None else last_step):
            history = History(
                start_time=None,
                sessions=[],
                steps=self.steps,
                evaluations=self.evaluations,
                checkpoints=self.checkpoints,
            )
            self._clear()
            self._refill(history, up_to=step, last_step=last_step)

    def _refill(self, history: History, *, up_to: int, last_step: int | None = None) -> None:
        for encoded, row in _decoded(history.steps, StepRow, up_to if last_step is None else last_step):
            self.steps.append_encoded(encoded)
            self._totals.add_step(row)
        for encoded, evaluation in _decoded(history.evaluations, EvaluationRow, up_to):
            self.evaluations.append_encoded(encoded)
            self._totals.add_evaluation(evaluation)
        for encoded, _ in _decoded(history.checkpoints, CheckpointRow, up_to):
            self.checkpoints.append_encoded(encoded)

    def _take_step(self, entry: TrainingStepComplete) -> None:
        """A loop that counts from 0 resumes at the number of a step that it does again."""
        if self._resumes:
            self._cut(entry.step, last_step=entry.step - 1)
            self._resumes = False
        self._add_step(step_row(entry))

    def _take_report(self, entry: ProgressReport) -> None:
        """At the lowest level the reports are the only steps that are known; elsewhere the step's row stands before."""
        if entry.step > self._totals.final_iter:
            self._add_step(step_row(entry))

    def _add_step(self, row: StepRow) -> None:
        self.steps.append(row)
        self._totals.add_step(row)

    def _take_evaluation(self, entry: EvaluationComplete) -> None:
        row = evaluation_row(entry, self._totals.latest)
        self.evaluations.append(row)
        self._totals.add_evaluation(row)

    def _take_checkpoint(self, entry: ModelCheckpointSave) -> None:
        self.checkpoints.append(checkpoint_row(entry))

    def _take_end(self, entry: EndBase) -> None:
        self.end_time = entry.timestamp
        if self.metadata["sessions"]:
            outcome = OUTCOMES[entry_type(entry)]  # type: ignore[arg-type]
            self.metadata["sessions"][-1] |= {"ended_at": entry.timestamp, "last_step": entry.step, "outcome": outcome}


def _decoded(rows: Iterable[bytes], kind: type[Any], up_to: int) -> Iterable[tuple[bytes, Any]]:
    decoder = msgspec.json.Decoder(kind)
    for encoded in rows:
        row = decoder.decode(encoded)
        if row.iter <= up_to:
            yield encoded, row
