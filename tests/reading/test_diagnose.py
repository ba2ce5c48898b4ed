"""The rules over a log say what they said live."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.logs import read_lines
from verbose_logging import diagnose
from verbose_logging.entries import FindingBase, encode_entry
from verbose_logging.errors import LogError
from verbose_logging.facts import SystemInspected, TrainingInspected
from verbose_logging.reading.diagnose import examine
from verbose_logging.reading.replay import replay
from verbose_logging.reading.runs.load import load_run
from verbose_logging.testing import FactScript, record

NAN = float("nan")
OBJECTIVE = {"loss": "token_cross_entropy", "chance_loss": 3.87, "schedule": "linear"}

Write = Callable[..., Path]


def troubled(*, alerts: dict[str, Any] | None = None) -> FactScript:
    """Returns a run with a full memory, slow data, a rate that stands still, an evaluation that rises, and a NaN."""
    script = FactScript(total_steps=200, steps_per_epoch=50).open()
    script.add(SystemInspected, {})
    described = ({"gradient_accumulation_steps": 1}, {}, {}, {"alerts": alerts or {}}, {}, None, None, OBJECTIVE)
    script.add(TrainingInspected, *described).begin().epoch_begin()
    for step in range(1, 121):
        if step == 30:
            script.read("memory", {"usage_percent": 95.0})
        loss = NAN if step == 110 else 3.0 - step / 50
        script.step(micro_steps=[{"loss": loss}], gradient_norm=1.0, data_wait=0.5 if step > 60 else 0.01)
        if step % 20 == 0:
            script.evaluate(eval_loss=2.0 + step / 100)
    return script


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes what is recorded of a script to a log."""

    def written(script: FactScript, **options: Any) -> Path:
        path = tmp_path / "log.jsonl"
        path.write_bytes(b"\n".join(map(encode_entry, record(script.facts, **options).entries)) + b"\n")
        return path

    return written


@pytest.mark.parametrize("level", ["high", "ultra"])
def test_live_and_replayed_agree(write: Write, level: str) -> None:
    """Rule, state, step, severity, verdict and evidence of every finding, in the same order."""
    log = write(troubled(), level=level)
    entries = read_lines(log)
    live = [
        (line["rule"], line["state"], line["step"], line["severity"], line["evidence"])
        for line in entries
        if "rule" in line
    ]
    again = [
        (
            found.rule.name,
            found.state,
            found.step,
            found.severity,
            json.loads(json.dumps({**found.condition.evidence, "entries": found.entries})),
        )
        for found in replay(entries)
    ]

    assert {"high_memory", "data_starvation", "overfitting", "nonfinite_loss", "stuck_learning_rate"} <= {
        rule for rule, *_ in live
    }
    assert live == again


def test_parameters_of_the_run_are_those_of_the_replay(write: Write) -> None:
    """A rule that was switched off stays silent, and a limit that was moved is where it was; actions are ignored."""
    alerts = {"high_memory": {"above": 99, "action": "stop"}, "data_starvation": "off"}
    found = {finding.rule for finding in diagnose(write(troubled(alerts=alerts), alerts=alerts))}

    assert set() == found & {"high_memory", "data_starvation"}
    assert "nonfinite_loss" in found


def test_what_a_low_level_left_out_counts_as_it_was_found(write: Write) -> None:
    """Without steps in the log the findings in it are all there is."""
    high = {finding.rule for finding in diagnose(write(troubled()))}
    low = {finding.rule for finding in diagnose(write(troubled(), level="low"))}

    assert high == low


def test_a_log_without_findings_is_judged_now(write: Write) -> None:
    """A log of somebody who had switched everything off, or of a time before a rule."""
    log = write(troubled())
    kept = [line for line in log.read_text(encoding="utf-8").splitlines() if '"rule"' not in line]
    log.write_text("\n".join(kept) + "\n", encoding="utf-8")

    assert "nonfinite_loss" in {finding.rule for finding in diagnose(log)}


def test_the_worst_stands_first(write: Write) -> None:
    """CRITICAL before ERROR before WARNING, each with its steps and how often."""
    first, *rest = diagnose(write(troubled()))

    assert ("nonfinite_loss", "CRITICAL", "resolved", 110, 1) == (
        first.rule, first.severity, first.state, first.first_step, first.times,
    )  # fmt: skip
    assert {"WARNING"} == {finding.severity for finding in rest}


def test_a_running_log_is_diagnosed(write: Write) -> None:
    """One that ends in half a line."""
    log = write(troubled())
    log.write_bytes(log.read_bytes()[:-200])

    assert 120 >= examine(log).steps >= 118


def test_a_healthy_log_has_no_finding(write: Write) -> None:
    """Nothing at all."""
    script = FactScript(total_steps=60, steps_per_epoch=60).open().begin().epoch_begin()
    for step in range(60):
        script.step(micro_steps=[{"loss": 3.0 - step / 50}], gradient_norm=1.0)

    assert [] == diagnose(write(script.end()))


def test_a_resumed_session_is_judged_by_fresh_rules() -> None:
    """As its process did: nothing of the first session counts in the second."""
    script = troubled()
    entries = record(script.facts).entries
    twice = [json.loads(encode_entry(entry)) for entry in entries] * 2
    live = [entry for entry in entries if isinstance(entry, FindingBase)]

    assert 2 * len(live) == len(list(replay(twice)))


def test_a_folder_without_a_log_is_refused(tmp_path: Path) -> None:
    """In one line."""
    with pytest.raises(LogError, match="no training log"):
        diagnose(tmp_path)


def test_a_short_log_leads_to_the_full_one(write: Write) -> None:
    """And is refused where there is none beside it."""
    log = write(troubled())
    keys = ("timestamp", "type", "level", "message", "step", "epoch")
    rows = read_lines(log)
    short = log.with_name("training_logs.jsonl")
    short.write_text("".join(json.dumps({key: row[key] for key in keys}) + "\n" for row in rows), encoding="utf-8")

    assert "nonfinite_loss" in {finding.rule for finding in diagnose(short)}
    log.unlink()
    with pytest.raises(LogError, match="not a full log"):
        diagnose(short)


def test_a_finding_of_one_evaluation_set_outlives_that_of_another(write: Write) -> None:
    """One loss is a number again, the other is not: the rule's finding still holds, in `diagnose` and in `show`."""
    script = FactScript(total_steps=20, steps_per_epoch=20).open().begin().epoch_begin()
    script.step(micro_steps=[{"loss": 2.0}]).evaluate(eval_a_loss=NAN, eval_b_loss=NAN)
    script.step(micro_steps=[{"loss": 2.0}]).evaluate(eval_a_loss=1.0, eval_b_loss=NAN)
    log = write(script)
    found = diagnose(log)[0]

    assert ("nonfinite_loss", "firing", 2) == (found.rule, found.state, found.times)
    assert ["firing"] == [alert["state"] for alert in load_run(log).summary["alerts"]]
    assert "✅ Resolved: nonfinite_loss (eval_a_loss) no longer holds" in log.read_text(encoding="utf-8")
