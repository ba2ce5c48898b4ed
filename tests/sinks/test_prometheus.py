"""What is scraped is what the run is, on this machine only."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import prometheus_client
import pytest
from prometheus_client.parser import text_string_to_metric_families

from verbose_logging.facts import RunBroken, TrainingInspected
from verbose_logging.sinks.gauges import gauge_of
from verbose_logging.sinks.prometheus import PrometheusSink
from verbose_logging.testing import FactScript, ManualClock, record


@pytest.fixture
def sink() -> Iterator[PrometheusSink]:
    """Yields a sink on a free port."""
    made = PrometheusSink(prometheus_client, port=0, run_name="toy")
    yield made
    made.close()


def script() -> FactScript:
    """Returns a run of two of four steps, with readings of the machine."""
    run = FactScript(total_steps=4, steps_per_epoch=4).open()
    run.add(TrainingInspected, {}, {}, {}, {}, {}).begin().epoch_begin().read("memory", {"used_gb": 2.0})
    run.read("gpu", {"devices": [{"index": 0, "utilization_percent": 50.0}]})
    return run.step(loss=2.0).step(loss=1.5, reward=3.0)


def scraped(sink: PrometheusSink, host: str | None = None) -> dict[str, float]:
    """Returns the samples by name, with their labels."""
    request = Request(f"http://127.0.0.1:{sink.port}/metrics", headers={"Host": host} if host else {})
    with urlopen(request, timeout=10) as answer:
        families = text_string_to_metric_families(answer.read().decode())
    return {
        sample.name + "".join(f"{{{key}={value}}}" for key, value in sample.labels.items()): sample.value
        for family in families
        for sample in family.samples
    }


def test_gauges_are_in_base_units(sink: PrometheusSink) -> None:
    """GB are bytes, minutes are seconds, percentages are ratios; a device goes by its label."""
    sink.write(record(script().facts).entries)

    samples = scraped(sink)
    expected = {
        "verbose_logging_train_loss": 1.5,
        "verbose_logging_train_reward": 3.0,
        "verbose_logging_step": 2.0,
        "verbose_logging_total_steps": 4.0,
        "verbose_logging_progress_ratio": 0.5,
        "verbose_logging_memory_used_bytes": 2.0 * 1024**3,
        "verbose_logging_gpu_utilization_ratio{gpu=0}": 0.5,
        "verbose_logging_run_info{run_id=run-1}{run_name=toy}": 1.0,
        "verbose_logging_run_active": 1.0,
    }
    assert expected.items() <= samples.items()
    assert samples["verbose_logging_eta_seconds"] > 0


def test_the_last_steps_time_is_there_for_stuck_runs(sink: PrometheusSink) -> None:
    """The timestamp is the step's own, in seconds since the epoch."""
    run = script()
    sink.write(record(run.facts).entries)

    assert pytest.approx(run.clock.wall()) == scraped(sink)["verbose_logging_last_step_timestamp_seconds"]


def test_every_gauge_says_what_it_is(sink: PrometheusSink) -> None:
    """Each family has one sentence of help."""
    sink.write(record(script().facts).entries)

    with urlopen(f"http://127.0.0.1:{sink.port}/metrics", timeout=10) as answer:
        families = list(text_string_to_metric_families(answer.read().decode()))
    assert families
    assert all(family.documentation.endswith(".") for family in families)


def test_a_run_that_ended_is_not_active(sink: PrometheusSink) -> None:
    """Whatever the end was, the run is over."""
    sink.write(record(script().add(RunBroken, "failed", {}, None).facts).entries)

    assert 0.0 == scraped(sink)["verbose_logging_run_active"]


def test_findings_are_gauges(sink: PrometheusSink) -> None:
    """A finding that holds is 1."""
    run = FactScript(total_steps=2, steps_per_epoch=2).open().begin().epoch_begin()
    run.read("memory", {"usage_percent": 99.0}).step(loss=1.0)
    sink.write(record(run.facts).entries)

    assert 1.0 == scraped(sink)["verbose_logging_finding_firing{rule=high_memory}"]


def test_a_foreign_host_gets_nothing(sink: PrometheusSink) -> None:
    """A web page that makes its own name lead here reads no metric."""
    sink.write(record(script().facts).entries)

    with pytest.raises(HTTPError, match="403"):
        scraped(sink, host="evil.example")


def test_it_listens_on_this_machine_only(sink: PrometheusSink) -> None:
    """The socket is bound to one address: another of this very machine finds nobody there."""
    sink.write(record(script().facts).entries)

    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.2", sink.port), timeout=10).close()


def test_a_port_that_is_taken_is_said_in_one_line() -> None:
    """The failure names the port and the option; the sink's lane does the rest."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        sink = PrometheusSink(prometheus_client, port=port, run_name=None)

        with pytest.raises(OSError, match=f"port {port}: .*; prometheus_port= names another"):
            sink.write(record(script().facts).entries)


def test_a_port_that_becomes_free_is_taken() -> None:
    """Ten seconds later it is asked for again, without another word, and everything since then is there."""
    clock = ManualClock()
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        sink = PrometheusSink(prometheus_client, port=port, run_name=None, clock=clock.monotonic)
        entries = record(script().facts).entries
        with pytest.raises(OSError, match="prometheus_port"):
            sink.write(entries[:1])
        clock.advance(11.0)
        sink.write(entries[1:2])
    sink.write(entries[2:-1])
    clock.advance(11.0)
    sink.write(entries[-1:])

    assert 2.0 == scraped(sink)["verbose_logging_step"]
    sink.close()


def test_help_says_what_the_number_is_there() -> None:
    """The loss of an evaluation is not told as that of a step, nor an epoch's figure as a window's."""
    assert "Training loss of the step." == gauge_of("train/loss").help
    assert "loss of the last evaluation." == gauge_of("eval/loss").help
    assert "avg_step_time_seconds of the last epoch." == gauge_of("epoch/avg_step_time_seconds").help
    assert "As resource_usage.cpu.usage_percent in the log." == gauge_of("system/cpu/usage_percent").help


def test_names_that_look_alike_do_not_overwrite_each_other(sink: PrometheusSink) -> None:
    """Of two metrics with the same name in Prometheus's alphabet the first one stands."""
    run = FactScript(total_steps=1, steps_per_epoch=1).open().begin().epoch_begin()
    sink.write(record(run.step(loss=1.0, **{"rewards/chosen": 2.0, "rewards.chosen": 3.0}).facts).entries)

    assert 2.0 == scraped(sink)["verbose_logging_train_rewards_chosen"]
