"""From the training thread to the sinks: the inbox, the thread that empties it, when it wakes and how it ends."""

from verbose_logging.pipeline.entrance import Entrance
from verbose_logging.pipeline.pipeline import Pipeline

__all__ = ["Entrance", "Pipeline"]
