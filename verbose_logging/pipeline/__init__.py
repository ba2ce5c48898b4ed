"""From the training thread to the sinks: the inbox, the thread that empties it, when it wakes and how it ends."""

from verbose_logging.pipeline.pipeline import Entrance, Pipeline

__all__ = ["Entrance", "Pipeline"]
