"""What the recorder makes of facts, with nothing around it: no thread, no clock, no file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from verbose_logging import facts
from verbose_logging.guard import Guard
from verbose_logging.recorder import recorder_for
from verbose_logging.settings import Settings
from verbose_logging.testing.fakes import MemorySink


def _no_problem(_part: str, _error: Exception) -> None:
    """Hears nothing: the guard of a recorder under test lets failures through."""


def record(script: Iterable[facts.Fact], *, level: str = "high", **options: Any) -> MemorySink:
    """Returns a sink with the entries that a recorder makes of the facts.

    Args:
        script: The facts, in order.
        level: The level's name.
        **options: Fields of `Settings`.

    Example:
        >>> from verbose_logging.testing import FactScript
        >>> script = FactScript(total_steps=1, steps_per_epoch=1).open().begin()
        >>> record(script.facts).entries[0].message
        '🚀 Training starts: 1 step in 1 epoch'
    """
    settings = Settings.from_options(**{"verbosity_level": level, "strict": True, **options})
    recorder = recorder_for(settings, Guard(_no_problem, strict=settings.strict))
    sink = MemorySink()
    for fact in script:
        sink.write(recorder.handle(fact))
    return sink
