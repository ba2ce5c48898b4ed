"""Rules of the user's own stand beside ours."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from verbose_logging import Settings
from verbose_logging.entries import Entry, TrainingStepComplete
from verbose_logging.errors import SettingsError
from verbose_logging.protocols import Condition
from verbose_logging.testing import FactScript, record


class Third:
    """Holds from the third step on."""

    name = "third"
    kind = "training_health"
    severity = "ERROR"

    def __init__(self, at: int = 3) -> None:
        """Takes the place of the entry."""
        self._at = at
        self._seen = 0

    def judge(self, entry: Entry) -> Iterable[Condition]:
        """Counts the steps."""
        self._seen += isinstance(entry, TrainingStepComplete)
        yield Condition(firing=self._seen >= self._at, verdict="It is the third")


class Wordless(Third):
    """A rule with a severity that no log knows."""

    severity = "BAD"


def findings(**options: Any) -> list[Any]:
    """Returns the findings of the rule in a run of five steps."""
    script = FactScript(total_steps=5, steps_per_epoch=5).open().begin().epoch_begin()
    for _ in range(5):
        script.step(loss=1.0)
    found = record(script.facts, rules=[Third], **options).of_type("training_health")
    return [entry for entry in found if entry.rule == "third"]


def test_a_further_rule_is_told_as_any_other() -> None:
    """It fires once, with its own words."""
    (finding,) = findings()

    assert ("third", "ERROR", "firing") == (finding.rule, finding.severity, finding.state)


def test_each_run_has_its_own() -> None:
    """A class is made anew for each run, so that one run's count is not the next one's."""
    assert [entry.step for entry in findings()] == [entry.step for entry in findings()]


def test_its_parameters_go_by_name() -> None:
    """`alerts` sets a further rule's parameters, and switches it off."""
    assert [] == findings(alerts={"third": {"at": 1000}})
    assert [] == findings(alerts={"third": "off"})


def test_an_unknown_name_is_refused_also_when_it_is_switched_off() -> None:
    """A misspelt rule would stay on, so it is named."""
    with pytest.raises(SettingsError, match="did you mean 'third'"):
        findings(alerts={"thrid": "off"})


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ([Wordless], "Wordless.severity is 'BAD'; valid: INFO, WARNING, ERROR, CRITICAL"),
        ([object], "object.kind is None"),
        ([3], "3 gives no rule when it is called"),
        (Third, "rules: expected a list"),
    ],
)
def test_what_is_no_rule_is_refused(rules: Any, told: str) -> None:
    """The set-up says what is missing."""
    with pytest.raises(SettingsError, match=told):
        Settings.from_options(rules=rules)
