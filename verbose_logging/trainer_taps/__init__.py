"""Reaches the live Trainer for what no hook is told, and takes everything off again when training ends.

Besides `callback.py`, the only room that knows the Trainer's inside.
"""

from verbose_logging.trainer_taps.finding import checkpoints_folder, find_trainer, resumed_checkpoint
from verbose_logging.trainer_taps.taps import TrainerTaps
from verbose_logging.trainer_taps.wrapping import Tap

__all__ = ["Tap", "TrainerTaps", "checkpoints_folder", "find_trainer", "resumed_checkpoint"]
