"""What happens when a rule fires, besides the line in the log: a request to stop, a function of the user's, a print.

Each is a sink that looks for findings among the entries, so rules and recorder stay pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from verbose_logging.console.alerts import Alerts
from verbose_logging.console.output import Output
from verbose_logging.console.run_view import RunView
from verbose_logging.entries import Entry, FindingBase
from verbose_logging.guard import Guard
from verbose_logging.rules.actions import actions_of
from verbose_logging.settings import Settings
from verbose_logging.settling import OnProblem

OnFinding = Callable[[dict[str, Any]], Any]


class _FindingSink:
    """A sink for findings that have just begun."""

    def write(self, entries: Sequence[Entry]) -> None:
        """Takes a batch of entries, in order."""
        for entry in entries:
            if isinstance(entry, FindingBase) and entry.state == "firing":
                self.take(entry)

    def take(self, finding: FindingBase) -> None:
        """Takes a finding."""
        raise NotImplementedError

    def flush(self) -> None:
        """Does nothing: what is taken is done."""

    def close(self) -> None:
        """Does nothing: there is nothing to let go of."""


class StopRequest(_FindingSink):
    """Asks for the end of training when certain rules fire.

    Args:
        rules: The rules.
        wake: Makes the recorder look at what was observed so far, without a wait.

    Attributes:
        asked: Whether training should end; read by whoever observes, at each step.
    """

    def __init__(self, rules: frozenset[str], wake: Callable[[], None]) -> None:
        self._rules = rules
        self.wake = wake
        self.asked = False

    def take(self, finding: FindingBase) -> None:
        """Notes a finding that asks for the end."""
        self.asked = self.asked or finding.rule in self._rules


class CallSink(_FindingSink):
    """Calls functions of the user's with the findings that they were given for.

    A function that raises three times in a row is not called again.

    Args:
        functions: By rule; each is given the finding as it stands in the log, as plain values.
        on_problem: Told of a function's first failure.
    """

    def __init__(self, functions: Mapping[str, Sequence[OnFinding]], on_problem: OnProblem) -> None:
        self._functions = functions
        self._guard = Guard(on_problem)

    def take(self, finding: FindingBase) -> None:
        """Calls each function with a copy of its own."""
        for place, function in enumerate(self._functions.get(finding.rule, ())):
            part = f"action {place + 1} of {finding.rule}"
            self._guard.call(part, partial(_call, function, msgspec.to_builtins(finding)), default=None)


def _call(function: OnFinding, finding: dict[str, Any]) -> None:
    try:
        function(finding)
    except SystemExit as error:  # on a thread that is not training's it would end nothing, without a word
        raise RuntimeError('sys.exit() does not end training from here; the action "stop" does') from error


class PrintSink(_FindingSink):
    """Prints the findings of certain rules, for a console that is off otherwise.

    Args:
        rules: The rules.
        show: Takes what is printed.
    """

    def __init__(self, rules: frozenset[str], show: Callable[[Output], None]) -> None:
        self._rules = rules
        self._show = show
        self._form = Alerts()

    def take(self, finding: FindingBase) -> None:
        """Prints a finding of one of the rules."""
        if finding.rule in self._rules:
            for output in self._form.outputs(finding, RunView()):
                self._show(output)


def functions_of(settings: Settings) -> dict[str, list[OnFinding]]:
    """Returns the functions that `alerts` names, by rule."""
    asked = {rule: actions_of(options) for rule, options in settings.alerts.items()}
    found = {rule: [action for action in actions if not isinstance(action, str)] for rule, actions in asked.items()}
    return {rule: functions for rule, functions in found.items() if functions}
