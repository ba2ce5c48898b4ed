"""Facts in, entries out: measure, judge, assemble. Pure: no clock, no I/O, no thread.

`run_recorder` is the way through; the other files are what it measures with, and how entries are put together.
"""

from verbose_logging.recorder.run_recorder import RunRecorder, recorder_for

__all__ = ["RunRecorder", "recorder_for"]
