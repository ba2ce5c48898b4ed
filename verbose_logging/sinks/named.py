"""What `sinks=` asks for, made: by name or as an object, each on the thread that writes to it."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from functools import partial
from importlib import metadata

from verbose_logging.entries import Entry
from verbose_logging.options.named_sinks import GROUP, NAMED_SINKS
from verbose_logging.protocols import Sink
from verbose_logging.settings import Settings

_MAKING_SECONDS = 15.0


def make_sinks(settings: Settings) -> dict[str, Sink]:
    """Returns what `sinks=` asks for, by name; an object goes by its class and its place."""
    made: dict[str, Sink] = {}
    for place, given in enumerate(settings.sinks, start=1):
        if isinstance(given, str):
            made[given] = LateSink(partial(_made, given, settings))
        else:
            made[f"{type(given).__name__} {place}"] = given
    return made


def patience_with(sink: Sink) -> float:
    """Returns for how many seconds a sink's silence is no trouble: one that is still being made takes its time."""
    return _MAKING_SECONDS if isinstance(sink, LateSink) else 1.0


class LateSink:
    """A sink that is made on the thread that writes to it, since that may take seconds: W&B starts a process.

    Args:
        make: Makes it, when there is an entry.
    """

    def __init__(self, make: Callable[[], Sink]) -> None:
        self._make = make
        self._sink: Sink | None = None

    def write(self, entries: Sequence[Entry]) -> None:
        """Takes a batch of entries, in order."""
        if self._sink is None:
            self._sink = self._make()
        self._sink.write(entries)

    def flush(self) -> None:
        """Flushes it, once it is there."""
        if self._sink is not None:
            self._sink.flush()

    def close(self) -> None:
        """Closes it, once it is there."""
        if self._sink is not None:
            self._sink.close()


def _made(name: str, settings: Settings) -> Sink:
    if name in NAMED_SINKS:
        library, module = (importlib.import_module(part) for part in NAMED_SINKS[name])
        sink: Sink = module.make(library, settings)
        return sink
    (entry_point, *_) = (entry for entry in metadata.entry_points(group=GROUP) if entry.name == name)
    return entry_point.load()()  # type: ignore[no-any-return] # a package's own word for it
