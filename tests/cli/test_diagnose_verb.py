"""`verbose-logging diagnose` as a stranger uses it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from verbose_logging.cli import main
from verbose_logging.reading.explanations import sections
from verbose_logging.rules import RULES


def test_a_finding_is_told_with_why_and_what_to_try(log_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Verdict, evidence, suggestion, and where to read more."""
    assert 0 == main(["diagnose", str(log_file)])

    told = capsys.readouterr().out
    assert "1 finding in" in told
    assert "WARNING high_memory  step 2, still so at the end" in told
    assert "try   use less" in told
    assert "verbose-logging diagnose --explain high_memory" in told


def test_json_is_for_programs(log_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same findings, as plain values."""
    assert 0 == main(["diagnose", str(log_file), "--json"])

    diagnosis = json.loads(capsys.readouterr().out)
    assert ["high_memory"] == [finding["rule"] for finding in diagnosis["findings"]]


def test_nothing_found_is_said(log_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In one line."""
    kept = [line for line in log_file.read_text(encoding="utf-8").splitlines() if '"rule"' not in line]
    log_file.write_text("\n".join(kept) + "\n", encoding="utf-8")

    assert 0 == main(["diagnose"])
    assert "healthy: nothing was found in" in capsys.readouterr().out


@pytest.mark.parametrize("name", [*sorted(RULES), "loss", "grad_norm", "learning_rate", "epoch"])
def test_every_finding_and_the_metrics_are_explained(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The text of the documentation."""
    assert 0 == main(["diagnose", "--explain", name])

    texts = {**sections("health.md"), **sections("metrics.md")}
    assert f"{name}\n\n{texts[name]}\n" == capsys.readouterr().out


def test_an_unknown_name_is_refused_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    """One line, and the status of wrong usage."""
    assert 2 == main(["diagnose", "--explain", "exploding_gradient"])
    assert "did you mean 'exploding_gradients'" in capsys.readouterr().err


def test_every_explanation_is_of_something_that_is_there() -> None:
    """No text for a rule that is gone."""
    assert set(RULES) == set(sections("health.md"))
