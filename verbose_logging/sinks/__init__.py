"""The table of built-in sinks: where entries go, and how each sink is made.

To add one: a file beside this one with a class of `write`, `flush` and `close`, and a line in `SINKS`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import msgspec

from verbose_logging.console.screen import Screen
from verbose_logging.protocols import Clock, Sink
from verbose_logging.sinks.console import ConsoleSink
from verbose_logging.sinks.console_log import console_logger, log_to_console
from verbose_logging.sinks.fallback import Fallback
from verbose_logging.sinks.files.append_file import AppendFile
from verbose_logging.sinks.files.rotation import Rotation
from verbose_logging.sinks.files.sync_timer import SyncTimer
from verbose_logging.sinks.jsonl import JsonlSink
from verbose_logging.sinks.lane import Lane
from verbose_logging.sinks.run_file import RunFileSink
from verbose_logging.sinks.standard import StandardSink
from verbose_logging.sinks.terminal import is_watched

WATCHED_INTERVAL_SECONDS = 0.1


class SinkContext(msgspec.Struct, frozen=True, kw_only=True):
    """What sinks are made from.

    Args:
        log_file: The full log.
        standard_log_file: The short log; `None` for none.
        output_dir: Where the run's own file goes; `None` for none.
        run_name: Begins that file's name; `None` for "run".
        log_save_interval: Steps between two savings of it.
        console_forms: What is printed, keys of `console.forms.FORMS`.
        console_interval: Least time of training between two step lines, in seconds; `None` where the stream decides.
        max_log_bytes: What each of the two logs may take on the disk; `None` for no bound.
        sync_seconds: How often the full log is brought to the disk beside its milestones; `None` for not at all.
        clock: Both clocks.
        fallback: Told of trouble; takes what could not be delivered.
    """

    log_file: Path
    standard_log_file: Path | None
    output_dir: Path | None
    run_name: str | None
    log_save_interval: int
    console_forms: tuple[str, ...]
    console_interval: float | None
    max_log_bytes: int | None
    sync_seconds: float | None = None
    clock: Clock
    fallback: Fallback


SinkFactory: TypeAlias = Callable[[SinkContext], "Sink | None"]


def _append_file(path: Path, context: SinkContext) -> AppendFile:
    limit, fallback = context.max_log_bytes, context.fallback
    rotation = None if limit is None else Rotation(path, max_bytes=limit, on_problem=fallback.problem)
    return AppendFile(path, clock=context.clock, fallback=fallback, rotation=rotation)


def _jsonl(context: SinkContext) -> Sink:
    timer = None if context.sync_seconds is None else SyncTimer(context.sync_seconds, context.clock)
    file = _append_file(context.log_file, context)
    return JsonlSink(file, on_problem=context.fallback.problem, sync_timer=timer)


def _standard(context: SinkContext) -> Sink | None:
    if context.standard_log_file is None:
        return None
    return StandardSink(_append_file(context.standard_log_file, context))


def _run_file(context: SinkContext) -> Sink | None:
    if context.output_dir is None:
        return None
    return RunFileSink(
        context.output_dir,
        run_name=context.run_name,
        every_steps=context.log_save_interval,
        clock=context.clock,
        fallback=context.fallback,
    )


def _console(context: SinkContext) -> Sink | None:
    if context.console_forms == ("off",):
        return None
    interval = context.console_interval
    if interval is None:
        interval = WATCHED_INTERVAL_SECONDS if is_watched(sys.stdout) else 0.0
    screen = Screen(context.console_forms, interval_seconds=interval)
    console_logger()  # so that a part of ours that fails before the first output warns in the console's form too
    return Lane("console", ConsoleSink(screen, log_to_console), context.fallback.problem)


SINKS: dict[str, SinkFactory] = {"jsonl": _jsonl, "standard": _standard, "run_file": _run_file, "console": _console}


def build_sinks(context: SinkContext) -> dict[str, Sink]:
    """Returns the sinks that are asked for, by name."""
    made = {name: factory(context) for name, factory in SINKS.items()}
    return {name: sink for name, sink in made.items() if sink is not None}
