"""Messages to people: the run's start, its end, its failure, and findings from a severity up.

One sink, on a thread of its own, per address, so that one that hangs costs nobody else a message. What is sent has no
sample, no setting and no traceback in it, and an address is told to nobody.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, get_args

from verbose_logging.entries import (
    Entry,
    FindingBase,
    Severity,
    TrainingComplete,
    TrainingFailed,
    TrainingInterrupted,
    TrainingStart,
)
from verbose_logging.inspection.redaction import redact_text
from verbose_logging.options.notify_addresses import scheme_of
from verbose_logging.settling import OnProblem

TIMEOUT_SECONDS = 5.0
_SEVERITIES: tuple[str, ...] = get_args(Severity)

Send = Callable[[str, str], bool]


class Wanted(NamedTuple):
    """Which findings are sent.

    Args:
        severity: From this one up.
        rules: These, whatever their severity.
    """

    severity: Severity
    rules: frozenset[str] = frozenset()

    def has(self, finding: FindingBase) -> bool:
        """Returns whether a finding is sent: only what has begun."""
        is_bad = _SEVERITIES.index(finding.severity) >= _SEVERITIES.index(self.severity)
        return finding.state == "firing" and (is_bad or finding.rule in self.rules)


class NotifySink:
    """Sends messages to one address.

    A message that cannot be sent is not sent again; the next one is tried all the same.

    Args:
        name: The address as people may see it.
        make: Makes what sends a title and a text, and returns whether it was taken; called once, on the sink's thread.
        wanted: Which findings are sent.
        run_name: What people call the run.
        on_problem: Told of a message that was not taken.
    """

    def __init__(
        self, name: str, make: Callable[[], Send], wanted: Wanted, *, run_name: str, on_problem: OnProblem
    ) -> None:
        self._name = name
        self._make = make
        self._send: Send | None = None
        self._wanted = wanted
        self._run_name = run_name
        self._on_problem = on_problem

    def write(self, entries: Sequence[Entry]) -> None:
        """Sends what is worth a message, one after the other."""
        for entry in entries:
            text = self._text(entry)
            if text is not None:
                self._deliver(text)

    def _deliver(self, text: str) -> None:
        title, _, rest = text.partition("\n")
        try:
            self._send = self._send or self._make()
            taken = self._send(f"{self._run_name}: {title}", rest or title)
        except Exception as error:  # noqa: BLE001 - foreign code; its text may hold the address
            taken, reason = False, type(error).__name__
        else:
            reason = "refused, or no answer in time"
        if not taken:
            self._on_problem(f"notify {self._name}", RuntimeError(f"a message was not taken: {reason}"))

    def _text(self, entry: Entry) -> str | None:
        """Returns a title, and below it what else there is to say; of an exception its type alone."""
        if isinstance(entry, FindingBase):
            return redact_text(_finding(entry)) if self._wanted.has(entry) else None
        if isinstance(entry, TrainingStart | TrainingComplete):
            return redact_text(entry.message)
        if isinstance(entry, TrainingFailed | TrainingInterrupted):
            verb = "failed" if isinstance(entry, TrainingFailed) else "was interrupted"
            reason = str((entry.exception or {}).get("type") or "unknown reason")
            return f"🛑 Training {verb} after step {entry.step}: {redact_text(reason)}"
        return None

    def flush(self) -> None:
        """Does nothing: what is taken is sent."""

    def close(self) -> None:
        """Does nothing: there is nothing to let go of."""


def _finding(finding: FindingBase) -> str:
    lines = [f"{finding.severity} {finding.rule} at step {finding.step}", finding.message]
    return "\n".join([*lines, f"Try: {finding.suggestion}"] if finding.suggestion else lines)


def apprise_sender(address: str) -> Send:
    """Returns what sends to an address by apprise."""
    from apprise import Apprise, AppriseAsset  # noqa: PLC0415 - takes half a second, for those who want it

    logging.getLogger("apprise").addHandler(logging.NullHandler())  # its complaints are ours to tell
    target = Apprise(asset=AppriseAsset(async_mode=False))
    target.add(plugin_of(address))
    return lambda title, text: bool(target.notify(title=title, body=text))


def plugin_of(address: str) -> Any:
    """Returns what apprise sends by: five seconds at most to connect, and five for an answer.

    Raises:
        ValueError: apprise knows no such address.
    """
    from apprise import Apprise  # noqa: PLC0415 - as above

    plugin = Apprise.instantiate(address)
    if plugin is None:
        raise ValueError("no such address")
    plugin.socket_connect_timeout = plugin.socket_read_timeout = TIMEOUT_SECONDS
    plugin.request_rate_per_sec = 0.0  # our messages are few, and the last one must not wait for the one before
    return plugin


def names_of(addresses: Sequence[str]) -> list[str]:
    """Returns a name for each address that may be shown.

    Example:
        >>> names_of(["json://a", "json://b", "mailto://me:secret@c"])
        ['json 1', 'json 2', 'mailto 3']
    """
    return [f"{scheme_of(address)} {place}" for place, address in enumerate(addresses, start=1)]
