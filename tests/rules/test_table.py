"""What every rule promises, over the table of rules."""

from __future__ import annotations

import inspect
from typing import get_args

import pytest
from msgspec import Meta

from verbose_logging.entries import Severity
from verbose_logging.errors import SettingsError
from verbose_logging.protocols import FindingKind
from verbose_logging.rules import RULES, build_rules
from verbose_logging.rules.parameters import ranges_of
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
        ("high_memory", "above", 101),
        ("bouncing_loss", "steps", 1),
        ("exploding_gradients", "repeats", 6),
        ("slow_steps", "times_median", 0.5),
    ],
)
def test_a_parameter_that_is_no_such_number_is_refused_before_training(
    rule: str, parameter: str, value: object
) -> None:
    """With its place and what was given."""
    with pytest.raises(SettingsError, match=f"alerts.{rule}.{parameter}: expected a .*number.* got {value!r}"):
        build_rules({rule: {parameter: value}})


LIMITS = [(rule, name, within) for rule, make in sorted(RULES.items()) for name, within in ranges_of(make).items()]


def test_every_parameter_has_a_range_but_a_target() -> None:
    """What a rule can work with is known for each; a target may be any loss."""
    given = {(rule, name) for rule, make in RULES.items() for name in inspect.signature(make).parameters}

    assert {("target_loss_reached", "target")} == given - {(rule, parameter) for rule, parameter, _ in LIMITS}


@pytest.mark.parametrize(("rule", "parameter", "within"), LIMITS)
def test_a_rule_works_at_the_ends_of_a_parameters_range(rule: str, parameter: str, within: Meta) -> None:
    """The least and the largest value that set-up accepts leave no rule broken by its own arithmetic."""
    script = FactScript(total_steps=60, steps_per_epoch=20).open().begin()
    for step in range(60):
        script.read("memory", {"usage_percent": 40.0 + step, "available_gb": 1.0})
        micro = {"padded_tokens": 100, "real_tokens": 40 + step % 9, "loss_tokens": step % 7}
        numbers = {"loss": 3.0 + step % 2, "grad_norm": 10.0 ** -(step % 5), "learning_rate": 1e-4 * (step % 3)}
        script.step(micro_steps=[micro], **numbers)

    for end in (within.ge, within.le):
        if end is not None:
            assert 60 == len(record(script.facts, alerts={rule: {parameter: end}}).of_type("training_step_complete"))


@pytest.mark.parametrize(("rule", "parameter", "within"), LIMITS)
def test_a_value_out_of_a_parameters_range_is_refused_with_the_range(rule: str, parameter: str, within: Meta) -> None:
    """Below its least, and above its largest where it has one."""
    for end, beyond in ((within.ge, -1), (within.le, 1)):
        if end is not None:
            expected = f"alerts.{rule}.{parameter}: expected a .*number from .*, got {end + beyond}$"
            with pytest.raises(SettingsError, match=expected):
                build_rules({rule: {parameter: end + beyond}})
