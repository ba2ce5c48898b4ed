"""The sinks that `sinks=` can ask for by name: those of the table, and those of installed packages.

To add one: a file in `sinks/` with a function `make(library, settings)` that returns the sink, and a line in
`NAMED_SINKS`. A package adds one by an entry point of the group `verbose_logging.sinks` that names a callable without
arguments, a class for example, which returns a sink.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from importlib import metadata
from typing import Any, NamedTuple

from verbose_logging.errors import MissingExtraError, SettingsError, did_you_mean

GROUP = "verbose_logging.sinks"


class NamedSink(NamedTuple):
    """Where a sink of the table comes from.

    Args:
        library: What it needs; the extra of the sink's name brings it.
        module: The module that makes it.
    """

    library: str
    module: str


NAMED_SINKS: dict[str, NamedSink] = {
    "tensorboard": NamedSink("tensorboardX", "verbose_logging.sinks.tensorboard"),
    "wandb": NamedSink("wandb", "verbose_logging.sinks.wandb"),
    "prometheus": NamedSink("prometheus_client", "verbose_logging.sinks.prometheus"),
}


def check_named_sinks(sinks: Sequence[Any]) -> None:
    """Checks that every sink that is asked for by name can be had, and loads what it needs.

    That is done here, while nothing trains yet: a library that another thread loads while data workers are forked can
    leave its lock in them.

    Args:
        sinks: What `sinks=` was given; objects pass.

    Raises:
        SettingsError: There is none of that name, or an installed one cannot be loaded.
        MissingExtraError: Its library is not installed.
    """
    for name in sinks:
        if isinstance(name, str):
            _load(name)


def _load(name: str) -> None:
    if name in NAMED_SINKS:
        try:
            importlib.import_module(NAMED_SINKS[name].library)
        except ImportError as error:
            raise MissingExtraError(f"the sink {name!r}", name) from error
        return
    installed = {entry.name: entry for entry in metadata.entry_points(group=GROUP)}
    if name not in installed:
        raise SettingsError(f"sinks: no sink {name!r}; {did_you_mean(name, [*NAMED_SINKS, *installed])}")
    try:
        installed[name].load()
    except Exception as error:
        raise SettingsError(f"sinks: the installed sink {name!r} cannot be loaded: {error}") from error
