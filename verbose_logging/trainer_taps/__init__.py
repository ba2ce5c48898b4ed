"""Reaches the live Trainer for what no hook is told, and takes everything off again when training ends.

Besides `callback.py`, the only room that knows the Trainer's inside.
"""

from verbose_logging.trainer_taps.taps import (
    Tap,
    Tell,
    TrainerTaps,
    checkpoints_folder,
    find_trainer,
    learning_rates,
    resumed_checkpoint,
)

__all__ = [
    "Tap",
    "Tell",
    "TrainerTaps",
    "checkpoints_folder",
    "find_trainer",
    "learning_rates",
    "resumed_checkpoint",
]
