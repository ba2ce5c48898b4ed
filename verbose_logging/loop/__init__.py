"""The door for plain training loops: `TrainingLogger`, where such a loop is, and what is read where it begins."""

from verbose_logging.loop.training_logger import TrainingLogger

__all__ = ["TrainingLogger"]
