"""One recording from its first fact to its last: the place where the concrete classes meet.

A session belongs to one run of one process. Whoever observes - the Trainer callback, a plain loop - puts facts in;
the session owns the threads and the files.
"""

from __future__ import annotations

import atexit
import contextlib
import sys
import threading
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from verbose_logging import crash, facts
from verbose_logging.clock import SystemClock
from verbose_logging.containment import HookRecord
from verbose_logging.crash.sigterm import SigtermWatch
from verbose_logging.crash.watchdog import Watchdog
from verbose_logging.entries import Entry
from verbose_logging.facts import Deferred, Fact
from verbose_logging.guard import Guard
from verbose_logging.inspection import inspect_system, redact, redact_text
from verbose_logging.machine_readings import build_sampler
from verbose_logging.pipeline import Pipeline
from verbose_logging.plain import plain
from verbose_logging.problems import Problems, words_of
from verbose_logging.protocols import Clock, Sink
from verbose_logging.recorder import recorder_for
from verbose_logging.rules.actions import rules_that
from verbose_logging.settings import Settings
from verbose_logging.sinks import SinkContext, build_sinks
from verbose_logging.sinks.action_lanes import action_lanes
from verbose_logging.sinks.actions import StopRequest
from verbose_logging.sinks.fallback import Fallback
from verbose_logging.sinks.fan_out import FanOut
from verbose_logging.sinks.lane import Lane
from verbose_logging.sinks.named import make_sinks, patience_with

# Train begin waits half a second at most: a moment for an earlier session, and one for the description of the machine.
_LEAVE_SECONDS = 0.2
_INSPECTION_SECONDS = 0.3
END_SECONDS = 5.0
_FLUSH_SECONDS = 4.5  # of them; at the end of training, the rest is for what cannot be bounded as closely
_SIGNAL_SECONDS = 2.0
_SYNC_SECONDS = 5.0


class Session:
    """Records one run.

    Args:
        settings: All options.
        rank: This process among those of the job.
        world_size: How many processes the job has.
        clock: Both clocks.
        handle: Turns facts into entries; by default a recorder's `handle`.
        hook_record: How the hooks fare, for the account in the last entry.

    Attributes:
        put: Takes a fact from any thread in about a tenth of a microsecond; never waits, never raises.
        put_vital: The same for a fact that is never dropped: a start, an end.
        entrance: The way in for the facts of steps.
        ended: Whether the run's end has been recorded.
        stop: Whether a finding asks for the end of training; `None` where none may.
    """

    def __init__(  # noqa: PLR0913 - keyword-only collaborators
        self,
        settings: Settings,
        *,
        rank: int,
        world_size: int,
        clock: Clock | None = None,
        handle: Callable[[Fact], list[Entry]] | None = None,
        hook_record: HookRecord | None = None,
    ) -> None:
        self._hook_record = hook_record or HookRecord()
        self._settings = settings
        self._clock = clock or SystemClock()
        self._rank = rank
        self._world_size = world_size
        self._fallback = fallback = Fallback(settings.log_path.parent, clock=self._clock)
        self._problems = Problems(fallback.problem)
        self._record = (
            handle or recorder_for(settings, Guard(self._problems, strict=settings.strict, words_of=words_of)).handle
        )
        self._watchdog = Watchdog()
        self.stop = self._stop_request()
        self._sink = FanOut(self._build_sinks(fallback), self._problems)
        self._pipeline = Pipeline(self._handle, self._sink, clock=self._clock, on_problem=self._problems)
        self._sampler = build_sampler(settings, self._put_reading, clock=self._clock, on_problem=self._problems)
        self._sigterm = SigtermWatch(on_end=self._at_sigterm, on_passed=self._before_users_handler)
        self.put: Callable[[Fact], None] = self._pipeline.put
        self.put_vital: Callable[[Fact], None] = self._pipeline.put_vital
        self.entrance = self._pipeline.entrance
        self.ended = False
        self._is_training = False
        self._known_error: BaseException | None = None
        self.put_vital(self._run_opened())

    def _run_opened(self) -> Fact:
        clock = self._clock
        at, wall, offset = clock.monotonic(), clock.wall(), clock.utc_offset_seconds()
        run_id = self._settings.run_id or uuid.uuid4().hex[:12]
        return facts.RunOpened(at, wall, offset, run_id, self._rank, self._world_size)

    def _handle(self, fact: Fact) -> list[Entry]:
        quiet = self._watchdog.look(fact)
        return self._record(fact) if quiet is None else [*self._record(quiet), *self._record(fact)]

    def _build_sinks(self, fallback: Fallback) -> dict[str, Sink]:
        settings = self._settings
        context = SinkContext(
            log_file=settings.log_path,
            standard_log_file=settings.standard_log_path,
            output_dir=settings.output_path,
            run_name=settings.run_name,
            log_save_interval=settings.log_save_interval,
            console_forms=settings.console_forms,
            console_interval=settings.console_interval,
            max_log_bytes=settings.max_log_bytes,
            sync_seconds=_SYNC_SECONDS if settings.fsync == "interval" else None,
            clock=self._clock,
            fallback=fallback,
        )
        own = {
            name: Lane(name, sink, self._problems, patience_seconds=patience_with(sink))
            for name, sink in make_sinks(settings).items()
        }
        stop = {} if self.stop is None else {"stop": self.stop}
        return {**stop, **build_sinks(context), **own, **action_lanes(settings, self._problems)}

    def _stop_request(self) -> StopRequest | None:
        """Returns what hears of rules that may stop training; with several ranks one alone must not stop."""
        rules = rules_that("stop", self._settings.alerts)
        if rules and self._world_size > 1:
            self._problems('action "stop"', RuntimeError("not done with several processes: one alone must not stop"))
        return StopRequest(rules, self._wake) if rules and self._world_size == 1 else None

    def _wake(self) -> None:
        self._pipeline.wake()

    def open(self, *first: Fact) -> None:
        """Starts the threads and describes the machine, in a moment; what is late arrives late.

        Args:
            *first: What the log has to know before its first entry: the run that is resumed.
        """
        for fact in first:
            self._pipeline.put_vital(fact)
        self._pipeline.start()
        self._sampler.start()
        inspection = threading.Thread(target=self._inspect_system, name="verbose-logging-inspect", daemon=True)
        with contextlib.suppress(RuntimeError):  # the interpreter is ending and starts no thread any more
            inspection.start()
            inspection.join(_INSPECTION_SECONDS)
        atexit.register(self._at_exit)

    def _put_reading(self, fact: Fact) -> None:
        """Takes what a probe says: told once where it fails, and without secrets where the probe is a user's own."""
        if isinstance(fact, facts.ProbeFailed):
            fact = facts.ProbeFailed(fact.at, fact.probe, redact_text(fact.error))
            self._problems(f"probe {fact.probe}", RuntimeError(fact.error))
        elif isinstance(fact, facts.ProbeRead) and self._settings.probes is not None:
            fact = facts.ProbeRead(fact.at, fact.probe, redact(plain(fact.reading)))
        self._pipeline.put(fact)
        self._pipeline.start()  # should something have ended its thread

    def _inspect_system(self) -> None:
        try:
            info = inspect_system(folder=self._settings.log_path.parent)
        except Exception as error:  # noqa: BLE001 - a machine that cannot be described is no reason to stop
            self._problems("inspection of the system", error)
            info = {}
        self._pipeline.put_vital(facts.SystemInspected(self._clock.monotonic(), info))

    def begin(self, train_begin: Fact) -> None:
        """Records that training begins; from here on a run without an end is one that was broken off."""
        self._is_training = True
        self._known_error = getattr(sys, "last_value", None)
        self._watchdog.watch()
        self._pipeline.put_vital(train_begin)
        if self._settings.handle_sigterm:
            self._sigterm.install()

    def end(self, step: int, epoch: float) -> None:
        """Records the orderly end of training and brings everything to the disk, in at most five seconds.

        The session stays open for what may follow, an evaluation for example.
        """
        self.ended = True
        self._sigterm.remove()
        asked_by = "SIGTERM" if self._sigterm.was_passed else None
        account = Deferred(self._account)
        self._pipeline.put_vital(facts.TrainEnd(self._clock.monotonic(), step, epoch, account, asked_by))
        self._sampler.close(0.0)
        self.flush(_FLUSH_SECONDS)

    def break_off(self, outcome: crash.Outcome, exception: Mapping[str, Any]) -> None:
        """Records that training ended without its end, once."""
        if self.ended or not self._is_training:
            return
        self.ended = True
        self._sigterm.remove()
        account = Deferred(self._account)
        self._pipeline.put_vital(facts.RunBroken(self._clock.monotonic(), outcome, dict(exception), account))

    def flush(self, timeout: float = END_SECONDS) -> bool:
        """Returns whether everything put so far reached its destinations in time."""
        return self._pipeline.flush(timeout)

    def leave(self) -> None:
        """Ends the recording without a wait for what hangs: its thread goes on, and the interpreter's end closes it."""
        self._sampler.close(0.0)
        if self._pipeline.close(_LEAVE_SECONDS):
            atexit.unregister(self._at_exit)

    def close(self, timeout: float = END_SECONDS) -> bool:
        """Ends the recording and lets go of threads and files; idempotent. Returns whether that was done in time."""
        atexit.unregister(self._at_exit)
        part = timeout / 10  # five for what waits, two for writing it, two for saving it where that hangs
        self._sampler.close(0.0)
        done = self._pipeline.close(7 * part, handling_seconds=5 * part)
        if not done:
            self._rescue(2 * part)
        self._sampler.close(part)
        return done

    def _rescue(self, seconds: float) -> None:
        """Saves what waits for the files, since a destination hangs; without a wait for what may hang here, too."""
        work = threading.Thread(
            target=lambda: self._sink.rescue(self._pipeline.abandon(seconds / 2)), name="verbose-logging-rescue"
        )
        work.daemon = True
        try:
            work.start()
            work.join(seconds)
        except RuntimeError:  # the interpreter is ending and starts no thread any more
            self._sink.rescue([])
        account = self._pipeline.account()
        if waiting := int(account["facts_waiting"]):
            self._fallback.out_of_time(waiting, dropped=int(account["facts_dropped"]))

    def _at_sigterm(self, stack: list[str]) -> None:
        with contextlib.suppress(Exception):  # the process ends right after, whatever becomes of this
            self.break_off("interrupted", crash.describe_signal("SIGTERM", stack))
            self.close(_SIGNAL_SECONDS)

    def _before_users_handler(self, stack: list[str]) -> None:
        """Tells of a signal before somebody else decides about it: the process may end at once, or go on."""
        with contextlib.suppress(Exception):
            self.put_vital(facts.UserWrote(self._clock.monotonic(), crash.signal_note("SIGTERM", stack)))
            self.flush(_SIGNAL_SECONDS)

    def _at_exit(self) -> None:
        """The interpreter ends and nobody has closed this session."""
        self.break_off(*crash.reason_of_exit(sys, self._known_error))
        self.close()

    def _account(self) -> dict[str, Any]:
        account = {
            "pipeline": self._pipeline.account(),
            "sampler": self._sampler.account(),
            "files": self._sink.account(),
            "longest_hook": self._hook_record.longest(),
            "sinks": self._sink.failures(),
            "failures": {
                **self._problems.report(),
                **self._sampler.failures(),
                **self._hook_record.problems.report(),
            },
        }
        return dict(redact({name: part for name, part in account.items() if part}))
