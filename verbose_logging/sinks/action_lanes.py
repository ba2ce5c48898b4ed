"""What the options want to happen when a rule fires, each on a thread of its own."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from verbose_logging.protocols import Sink
from verbose_logging.rules.actions import rules_that
from verbose_logging.settings import Settings
from verbose_logging.settling import OnProblem
from verbose_logging.sinks.actions import CallSink, PrintSink, functions_of
from verbose_logging.sinks.console_log import log_to_console
from verbose_logging.sinks.lane import Lane
from verbose_logging.sinks.notify import NotifySink, Wanted, apprise_sender, names_of

_MOST_MESSAGES = 1000  # entries that may wait while an address does not answer


def action_lanes(settings: Settings, on_problem: OnProblem) -> dict[str, Lane]:
    """Returns the sinks that act on findings, by name."""
    lanes = {name: Lane(name, sink, on_problem) for name, sink in _acting(settings, on_problem)}
    for name, address in zip(names_of(settings.notify), settings.notify, strict=True):
        sink = NotifySink(
            name,
            partial(apprise_sender, address),
            Wanted(settings.notify_severity, rules_that("notify", settings.alerts)),
            run_name=settings.run_name or "training",
            on_problem=on_problem,
        )
        lanes[f"notify {name}"] = Lane(f"notify {name}", sink, on_problem, most_entries=_MOST_MESSAGES)
    return lanes


def _acting(settings: Settings, on_problem: OnProblem) -> Iterator[tuple[str, Sink]]:
    functions = functions_of(settings)
    if functions:
        yield "actions", CallSink(functions, on_problem)
    printed = rules_that("console", settings.alerts)
    if printed and settings.console_forms == ("off",):
        yield "console for findings", PrintSink(printed, log_to_console)
