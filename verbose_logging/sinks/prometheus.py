"""The run's present numbers for a Prometheus server to scrape, on this machine only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any

from verbose_logging.entries import (
    EndBase,
    Entry,
    ProgressReport,
    TrainingInitialization,
    TrainingStart,
    TrainingStepComplete,
    UserEntry,
)
from verbose_logging.settings import Settings
from verbose_logging.sinks.gauges import PREFIX, GaugeSpec, gauge_of
from verbose_logging.sinks.metrics_server import MetricsServer, serve
from verbose_logging.sinks.scalars import ScalarReader

_RETRY_SECONDS = 10.0
_LAST_STEP = GaugeSpec(
    f"{PREFIX}last_step_timestamp_seconds", "When the last step ended, in seconds since the epoch; stuck if it stands."
)
_ACTIVE = GaugeSpec(f"{PREFIX}run_active", "1 from the start of training to its end.")
_STEP = GaugeSpec(f"{PREFIX}step", "The last step, by its own number.")


class PrometheusSink:
    """Keeps a gauge for every number that an entry carries, in a registry of its own, and serves it.

    Args:
        prometheus_client: The library.
        port: Where to listen on 127.0.0.1.
        run_name: A name for people; with the run's id in `verbose_logging_run_info`.
        clock: Returns monotonic seconds; a port that is taken is asked for again every ten.
    """

    def __init__(
        self, prometheus_client: Any, *, port: int, run_name: str | None, clock: Callable[[], float] = monotonic
    ) -> None:
        self._library = prometheus_client
        self._port = port
        self._run_name = run_name or ""
        self._registry = prometheus_client.CollectorRegistry()
        self._gauges: dict[str, Any] = {}
        self._specs: dict[str, GaugeSpec] = {}
        self._owners: dict[tuple[str, ...], str] = {}
        self._server: MetricsServer | None = None
        self._clock = clock
        self._next_try_at: float | None = None
        self._reader = ScalarReader()

    @property
    def port(self) -> int:
        """Where it listens, once there was an entry."""
        return self._port if self._server is None else self._server.server_port

    def write(self, entries: Sequence[Entry]) -> None:
        """Takes a batch of entries, in order.

        Raises:
            OSError: The port is taken. Told once; the numbers are kept for when it is free.
        """
        for entry in entries:
            self._take(entry)
        if self._server is None and entries:
            self._listen()

    def flush(self) -> None:
        """Does nothing: what is scraped is what is known."""

    def close(self) -> None:
        """Stops listening."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def _listen(self) -> None:
        now, is_first = self._clock(), self._next_try_at is None
        if self._next_try_at is not None and now < self._next_try_at:
            return
        self._next_try_at = now + _RETRY_SECONDS
        try:
            self._server = serve(self._library.make_wsgi_app(self._registry), self._port)
        except OSError:
            if is_first:
                raise

    def _take(self, entry: Entry) -> None:
        if isinstance(entry, TrainingInitialization):
            labels = {"run_id": entry.run_id, "run_name": self._run_name}
            self._set(GaugeSpec(f"{PREFIX}run_info", "Names the run.", labels=labels), 1.0)
        elif isinstance(entry, TrainingStart | EndBase):
            self._set(_ACTIVE, float(isinstance(entry, TrainingStart)))
        numbers = self._reader.read(entry)
        if numbers is None or isinstance(entry, UserEntry):
            return
        for path, value in numbers.values.items():
            self._set_number(path, value)
        if isinstance(entry, TrainingStepComplete | ProgressReport):
            self._set(_STEP, entry.step)
            self._set(_LAST_STEP, numbers.wall)

    def _set_number(self, path: str, value: float) -> None:
        """Sets the gauge of a number; of two whose names Prometheus cannot tell apart the first one has it."""
        spec = self._specs.get(path)
        if spec is None:
            spec = self._specs[path] = gauge_of(path)
        if self._owners.setdefault((spec.name, *spec.labels.values()), path) == path:
            self._set(spec, value)

    def _set(self, spec: GaugeSpec, value: float) -> None:
        gauge = self._gauges.get(spec.name)
        if gauge is None:
            gauge = self._library.Gauge(spec.name, spec.help, tuple(spec.labels), registry=self._registry)
            self._gauges[spec.name] = gauge
        (gauge.labels(**spec.labels) if spec.labels else gauge).set(value * spec.scale)


def make(prometheus_client: Any, settings: Settings) -> PrometheusSink:
    """Returns the sink that the settings describe."""
    return PrometheusSink(prometheus_client, port=settings.prometheus_port, run_name=settings.run_name)
