from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from verbose_logging.entries import TrainingComplete, TrainingStepComplete
from verbose_logging.protocols import Sink
from verbose_logging.sinks import SINKS, SinkContext, build_sinks

MakeStep = Callable[..., TrainingStepComplete]


@pytest.fixture
def context(site: Any) -> SinkContext:
    """Returns what the sinks of a run are made from."""
    return SinkContext(
        log_file=site.folder / "verbose_training_logs.jsonl",
        standard_log_file=site.folder / "training_logs.jsonl",
        output_dir=site.folder,
        run_name=None,
        log_save_interval=100,
        max_log_bytes=None,
        console_forms=("steps",),
        console_interval=None,
        clock=site.clock,
        fallback=site.fallback,
    )


@pytest.fixture
def sink(request: pytest.FixtureRequest, context: SinkContext) -> Sink:
    """Returns the sink of that name."""
    made = SINKS[request.param](context)
    assert made is not None
    return made


every_sink = pytest.mark.parametrize("sink", sorted(SINKS), indirect=True)
every_file = pytest.mark.parametrize("sink", ["jsonl", "standard"], indirect=True)


@every_sink
def test_sink_fits_its_seam(sink: Sink) -> None:
    """Every sink has the methods of the protocol."""
    assert isinstance(sink, Sink)


@every_sink
def test_making_a_sink_touches_nothing(sink: Sink, context: SinkContext) -> None:
    """No file is opened before there is an entry: opening may hang."""
    sink.flush()
    sink.close()
    assert not context.log_file.parent.exists()


@every_file
def test_file_takes_a_run(
    sink: Sink, context: SinkContext, step_entry: MakeStep, end_entry: Callable[[int], TrainingComplete]
) -> None:
    """Every file holds the steps and the end of a run as strict JSON lines."""
    sink.write([step_entry(1), step_entry(2)])
    sink.write([])
    sink.flush()
    sink.write([end_entry(3)])
    sink.close()
    (file,) = context.log_file.parent.iterdir()
    types = [json.loads(line)["type"] for line in file.read_bytes().splitlines()]
    assert ["training_step_complete", "training_step_complete", "training_complete"] == types


@every_file
def test_file_survives_an_unusable_place(sink: Sink, context: SinkContext, step_entry: MakeStep, site: Any) -> None:
    """No sink of a file raises where nothing can be written; its lines are saved elsewhere."""
    context.log_file.parent.write_bytes(b"a file where a folder should be")
    for seq in range(1, 10):
        sink.write([step_entry(seq)])
        site.clock.advance(1.0)
    sink.close()
    (spill,) = site.temporary_folder.rglob("*.jsonl")
    assert len(spill.read_bytes().splitlines()) == 9


def test_what_is_not_wanted_is_left_out(tmp_path: Path, site: Any) -> None:
    """Without a path there is no standard log, and a console that is off is none."""
    context = SinkContext(
        log_file=tmp_path / "log.jsonl",
        standard_log_file=None,
        output_dir=None,
        run_name=None,
        log_save_interval=100,
        max_log_bytes=None,
        console_forms=("off",),
        console_interval=None,
        clock=site.clock,
        fallback=site.fallback,
    )
    assert ["jsonl"] == list(build_sinks(context))
