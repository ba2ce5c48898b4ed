"""The Trainer that a hook was called by, and what its own methods hold at that moment.

A hook is handed arguments and state, never its Trainer, so the frames that the call came from are looked through.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from types import FrameType
from typing import Any

from transformers import Trainer, TrainingArguments


def find_trainer() -> Trainer | None:
    """Returns the Trainer that the present call came from: the nearest frame whose `self` is one."""
    return next((trainer for trainer, _ in _methods_under_way()), None)


def resumed_checkpoint() -> str | None:
    """Returns the checkpoint that the present training resumes from: an argument of the Trainer's own loop."""
    _, checkpoint = _local_of_trainer("resume_from_checkpoint")
    return checkpoint if isinstance(checkpoint, str) else None


def checkpoints_folder(args: TrainingArguments) -> str:
    """Returns where the present training saves; a trial of a search has a folder of its own."""
    trainer, trial = _local_of_trainer("trial")
    folder_of = getattr(trainer, "_get_output_dir", None)
    return str(args.output_dir if trial is None or folder_of is None else folder_of(trial))


def _local_of_trainer(name: str) -> tuple[Trainer | None, Any]:
    """Returns the nearest Trainer with a method under way that has a local of that name, and what the local holds."""
    return next(((trainer, held[name]) for trainer, held in _methods_under_way() if name in held), (None, None))


def _methods_under_way() -> Iterator[tuple[Trainer, Mapping[str, Any]]]:
    """Yields the Trainers whose methods the present call came from, each with that method's locals, nearest first."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - a callback is handed neither its Trainer nor its loop
    while frame is not None:
        held = frame.f_locals
        if isinstance(held.get("self"), Trainer):
            yield held["self"], held
        frame = frame.f_back
