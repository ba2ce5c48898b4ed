"""What every rule promises, over the table of rules."""

from __future__ import annotations

from typing import get_args

import pytest

from verbose_logging.entries import Severity
from verbose_logging.errors import SettingsError
from verbose_logging.protocols import FindingKind
from verbose_logging.rules import RULES, build_rules
from verbose_logging.testing import FactScript, record


@pytest.mark.parametrize("name", sorted(RULES))
def test_rule_carries_its_table_name_and_closed_words(name: str) -> None:
    """A rule's name is its key in the table; kind and severity are words of the schema."""
    rule = RULES[name]()

    assert name == rule.name
    assert rule.kind in get_args(FindingKind)
    assert rule.severity in get_args(Severity)


@pytest.mark.parametrize("name", sorted(RULES))
def test_rule_is_silent_on_a_healthy_run(name: str) -> None:
    """Fifty even steps with moderate readings give no finding of this rule."""
    script = FactScript(total_steps=50, steps_per_epoch=50).open().begin().epoch_begin()
    for step in range(50):
        script.read("memory", {"usage_percent": 40.0})
        script.read("nvidia", {"devices": [{"index": 0, "memory_usage_percent": 70.0}]})
        script.step(loss=3.0 - step / 50, grad_norm=1.0)
    sink = record(script.facts)
    found = [entry for entry in sink.entries if getattr(entry, "rule", None) == name]

    assert [] == found


@pytest.mark.parametrize("name", sorted(RULES))
def test_unknown_parameter_is_refused_before_training(name: str) -> None:
    """A parameter that the rule does not have is named."""
    with pytest.raises(SettingsError, match="wingspan"):
        build_rules({name: {"wingspan": 3}})


def test_unknown_rule_is_refused_with_the_nearest_name() -> None:
    """A misspelt rule is named beside the one that was meant."""
    with pytest.raises(SettingsError, match="did you mean 'high_memory'"):
        build_rules({"high_memry": {}})


def test_a_rule_that_raises_is_contained_and_named_at_the_end() -> None:
    """A rule with a broken parameter type costs its own findings and nothing else."""
    script = FactScript(total_steps=5, steps_per_epoch=5).open().begin().epoch_begin()
    for _ in range(5):
        script.read("memory", {"usage_percent": "full"}).step(loss=1.0)
    sink = record(script.end().facts, strict=False)

    end = sink.of_type("training_complete")[0]
    assert 5 == len(sink.of_type("training_step_complete"))
    assert end.logger["failures"]["rule high_memory"]["switched_off"] is True


@pytest.mark.parametrize(
    ("rule", "parameter", "value"),
    [
        ("bouncing_loss", "steps", 2.5),
        ("bouncing_loss", "steps", -1),
        ("data_starvation", "steps", 0),
        ("loss_spike", "times_highest", float("nan")),
        ("high_memory", "above", "90"),
        ("high_memory", "above", True),
    ],
)
def test_a_parameter_that_is_no_such_number_is_refused_before_training(
    rule: str, parameter: str, value: object
) -> None:
    """With its place and what was given."""
    with pytest.raises(SettingsError, match=f"alerts.{rule}.{parameter}: expected a .*number.* got {value!r}"):
        build_rules({rule: {parameter: value}})
