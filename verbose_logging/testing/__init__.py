"""Fakes for testing what is built on this package: a sink in memory, a clock set by hand, scripted probes and runs."""

from verbose_logging.testing.fact_script import FactScript
from verbose_logging.testing.fakes import ManualClock, MemorySink, StubProbe
from verbose_logging.testing.recording import record

__all__ = ["FactScript", "ManualClock", "MemorySink", "StubProbe", "record"]
