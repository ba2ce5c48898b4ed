"""What the entries so far have told of the run, for forms that need more than the entry at hand."""

from __future__ import annotations

from typing import Any

from verbose_logging.entries import (
    EntryBase,
    EpochBegin,
    EpochComplete,
    FindingBase,
    ModelCheckpointSave,
    TrainingInitialization,
    TrainingStart,
    TrainingStepComplete,
)


class RunView:
    """Follows the entries of one run.

    Attributes:
        total_steps: Optimizer steps of the whole run, where they are known.
        total_epochs: Epochs of the whole run, where they are known.
        newest_step: The last step that had an entry of its own; low has none as a rule, and some after a finding.
        settings: The recording's own options, as the log carries them.
        training_args: The Trainer's arguments, as the log carries them.
        findings: For each rule that fired, what was said when it first did.
        last_checkpoint: Path of the newest checkpoint.
    """

    def __init__(self) -> None:
        self.total_steps: int | None = None
        self.total_epochs: int | None = None
        self.newest_step: int | None = None
        self.settings: dict[str, Any] = {}
        self.training_args: dict[str, Any] = {}
        self.findings: dict[str, FindingBase] = {}
        self.last_checkpoint: str | None = None

    def observe(self, entry: EntryBase) -> None:
        """Takes in an entry."""
        if isinstance(entry, TrainingStepComplete):
            self.newest_step = entry.step
        elif isinstance(entry, TrainingStart):
            self.total_steps, self.total_epochs = entry.total_steps, entry.total_epochs
        elif isinstance(entry, EpochBegin | EpochComplete):
            self.total_epochs = entry.total_epochs
        elif isinstance(entry, TrainingInitialization):
            self.settings, self.training_args = entry.settings, entry.training_args
        elif isinstance(entry, ModelCheckpointSave):
            self.last_checkpoint = entry.path
        elif isinstance(entry, FindingBase) and entry.state == "firing":
            self.findings.setdefault(entry.rule, entry)
