from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, get_args

import pytest

from verbose_logging.entries import (
    ENTRY_TYPES,
    EvaluationComplete,
    Heartbeat,
    KnownEntry,
    TrainingComplete,
    TrainingHealth,
    TrainingStepComplete,
    UserEntry,
)
from verbose_logging.sinks.standard import StandardSink, flatten

MakeStep = Callable[..., TrainingStepComplete]
COMMON: dict[str, Any] = {
    "timestamp": "2025-01-01T00:00:00.000000+00:00",
    "level": "INFO",
    "message": "m",
    "run_id": "r",
    "seq": 1,
    "rank": 0,
    "step": 5,
    "epoch": 2,
}
HEAD = {"timestamp": COMMON["timestamp"], "level": "INFO", "message": "m", "step": 5, "epoch": 2}


def test_step_becomes_one_flat_line() -> None:
    """A step's figures stand under their short names, and nothing else does."""
    entry = TrainingStepComplete(
        **COMMON,
        timing={"step_time_seconds": 0.5, "avg_step_time_seconds": 0.625, "eta_minutes": 3.0, "phases": {"other": 1.0}},
        metrics={"loss": 2.5, "learning_rate": 2e-4, "grad_norm": 1.25, "mfu_percent": 40.0},
        progress={"progress_percent": 50.0, "remaining_steps": 5, "total_steps": 10},
        resource_usage={"cpu": {"usage_percent": 10.0}},
    )
    assert {
        **HEAD,
        "type": "training_step_complete",
        "step_time": 0.5,
        "avg_step_time": 0.625,
        "eta_minutes": 3.0,
        "loss": 2.5,
        "learning_rate": 2e-4,
        "grad_norm": 1.25,
        "progress_percent": 50.0,
        "remaining_steps": 5,
    } == flatten(entry)


def test_unknown_is_absent() -> None:
    """A step without figures has a line without them."""
    entry = TrainingStepComplete(**COMMON, timing={}, metrics={}, progress={})
    assert {**HEAD, "type": "training_step_complete"} == flatten(entry)


def test_number_that_is_not_finite_is_null_and_named() -> None:
    """A NaN loss shows as one, under its short name."""
    entry = TrainingStepComplete(
        **COMMON,
        timing={},
        metrics={"loss": None, "mfu_percent": None},
        progress={},
        nonfinite={"metrics.loss": "NaN", "metrics.mfu_percent": "Infinity"},
    )
    expected = {**HEAD, "type": "training_step_complete", "loss": None, "nonfinite": {"loss": "NaN"}}
    assert expected == flatten(entry)


def test_finding_and_evaluation_have_a_line() -> None:
    """Events without figures of a step are lines, too."""
    finding = TrainingHealth(**COMMON, rule="loss_spike", severity="WARNING", state="firing")
    evaluation = EvaluationComplete(**COMMON, metrics={"eval_loss": 1.0})
    assert {**HEAD, "type": "training_health"} == flatten(finding)
    assert {**HEAD, "type": "evaluation_complete"} == flatten(evaluation)


@pytest.mark.parametrize("entry", [Heartbeat(**COMMON), UserEntry({"type": "note", "seq": 1})])
def test_entry_without_a_line_is_left_out(entry: Any) -> None:
    """What is no event of the training has no line."""
    assert flatten(entry) is None


def test_every_entry_type_is_decided() -> None:
    """Exactly the types of starts, epochs, steps, evaluations, checkpoints, findings and ends are written."""
    left_out = {
        "step_begin",
        "substep_complete",
        "prediction_step",
        "training_metrics_update",
        "progress_report",
        "entries_dropped",
        "heartbeat",
    }
    blank = {"metrics": {}, "timing": {}, "progress": {}, "rule": "r", "severity": "INFO", "state": "firing"}
    written = set()
    for kind in get_args(KnownEntry):
        names = set(kind.__struct_fields__)
        fields = {name: COMMON.get(name, blank.get(name, {})) for name in names - {"nonfinite"}}
        if flatten(kind(**fields)) is not None:
            written.add(kind.__struct_config__.tag)
    assert ENTRY_TYPES.keys() - left_out == written


def test_lines_are_strict_json(site: Any, step_entry: MakeStep) -> None:
    """The file holds one object a line, in order."""
    sink = StandardSink(site.file())
    sink.write([step_entry(1, metrics={"loss": 2.5}), Heartbeat(**COMMON), step_entry(2)])
    sink.close()
    lines = [json.loads(line) for line in site.path.read_bytes().splitlines()]
    assert [(1, 2.5), (2, None)] == [(line["step"], line.get("loss")) for line in lines]


def test_end_is_brought_to_the_disk(site: Any, end_entry: Callable[[int], TrainingComplete]) -> None:
    """Fsync is asked for behind the end."""
    synced: list[int] = []
    sink = StandardSink(site.file(fsync=synced.append))
    sink.write([end_entry(1)])
    assert len(synced) == 1
