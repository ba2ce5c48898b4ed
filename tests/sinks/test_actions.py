"""What happens when a rule fires."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from verbose_logging.errors import SettingsError
from verbose_logging.facts import RunOpened
from verbose_logging.settings import Settings
from verbose_logging.sinks.action_lanes import action_lanes
from verbose_logging.sinks.actions import CallSink, PrintSink, StopRequest
from verbose_logging.testing import FactScript, record

NAN = float("nan")


def findings(**options: Any) -> list[Any]:
    """Returns the entries of a run whose second step is NaN and whose third is not."""
    script = FactScript(total_steps=10, steps_per_epoch=10).open().begin().epoch_begin()
    for loss in (3.0, NAN, 2.9):
        script.step(micro_steps=[{"loss": loss}], gradient_norm=1.0)
    return list(record(script.end().facts, **options).entries)


def test_a_function_is_given_the_finding_once() -> None:
    """As plain values, when it begins, and not when it is over."""
    given: list[dict[str, Any]] = []
    CallSink({"nonfinite_loss": [given.append]}, lambda part, error: None).write(findings())  # noqa: ARG005

    assert [("nonfinite_loss", "firing", 2)] == [(found["rule"], found["state"], found["step"]) for found in given]


def test_a_function_that_raises_is_told_and_the_next_one_called() -> None:
    """Its exception stays with it."""
    given: list[Any] = []
    told: list[str] = []

    def fail(_: dict[str, Any]) -> None:
        raise OSError("no")

    CallSink({"nonfinite_loss": [fail, given.append]}, lambda part, error: told.append(part)).write(findings())  # noqa: ARG005

    assert ["action 1 of nonfinite_loss"] == told
    assert 1 == len(given)


def test_a_function_that_exits_is_told_what_would_end_training() -> None:
    """On the recorder's thread `sys.exit()` ends nothing, and the next function is called all the same."""
    given: list[Any] = []
    told: list[str] = []
    sink = CallSink({"nonfinite_loss": [sys.exit, given.append]}, lambda _, error: told.append(str(error)))
    sink.write(findings())

    assert ['sys.exit() does not end training from here; the action "stop" does'] == told
    assert 1 == len(given)


def test_a_stop_is_asked_for_by_its_rules_alone() -> None:
    """Other findings do not end a training."""
    wanted, other = (StopRequest(frozenset({rule}), lambda: None) for rule in ("nonfinite_loss", "divergence"))
    for stop in (wanted, other):
        stop.write(findings())

    assert (True, False) == (wanted.asked, other.asked)


def test_the_end_says_who_asked_for_it() -> None:
    """The last entry has the rule, the step and the verdict."""
    end = findings(alerts={"nonfinite_loss": {"action": "stop"}})[-1]

    assert ("nonfinite_loss", 2) == (end.stop_requested["rule"], end.stop_requested["step"])
    assert "as nonfinite_loss asked" in end.message


def test_a_finding_can_be_printed_while_the_console_is_off() -> None:
    """Verdict, why and what to try."""
    shown: list[Any] = []
    PrintSink(frozenset({"nonfinite_loss"}), shown.append).write(findings())

    assert 1 == len(shown)
    assert "The loss is NaN at step 2" in shown[0].text


@pytest.mark.parametrize(
    ("action", "reason"),
    [
        ("stpo", "no action 'stpo'; did you mean 'stop'"),
        (["log", "notfy"], "no action 'notfy'; did you mean 'notify'"),
        (3, "expected one of log, console, notify, stop, or a callable; got 3"),
    ],
)
def test_a_wrong_action_is_refused_with_the_nearest_one(action: Any, reason: str) -> None:
    """Before training, in one line."""
    with pytest.raises(SettingsError, match=reason):
        Settings.from_options(alerts={"divergence": {"action": action}})


def test_an_action_beside_a_parameter_is_no_parameter() -> None:
    """A misspelt one is named as such, with the valid ones."""
    Settings.from_options(alerts={"exploding_gradients": {"above": 5, "action": "stop"}})

    with pytest.raises(SettingsError, match="no parameter 'acton'; did you mean 'action'"):
        Settings.from_options(alerts={"exploding_gradients": {"acton": "stop"}})


def test_only_what_is_asked_for_has_a_thread() -> None:
    """Without actions and addresses there is none."""
    asked = {"divergence": {"action": [print, "console"]}}

    assert {} == action_lanes(Settings.from_options(), lambda part, error: None)  # noqa: ARG005
    assert ["actions", "console for findings"] == list(
        action_lanes(Settings.from_options(alerts=asked, console="off"), lambda part, error: None)  # noqa: ARG005
    )


def test_a_config_file_says_the_same(tmp_path: Path) -> None:
    """Parameters, an action, and a bare `off`, which YAML reads as false."""
    config = tmp_path / "train.yaml"
    config.write_text(
        "alerts:\n  exploding_gradients: {above: 5, action: stop}\n  loss_spike: off\nnotify_severity: WARNING\n",
        encoding="utf-8",
    )
    settings = Settings.from_yaml(config)

    assert {"exploding_gradients": {"above": 5, "action": "stop"}, "loss_spike": "off"} == settings.alerts
    assert "WARNING" == settings.notify_severity


def test_with_several_processes_none_stops_alone() -> None:
    """The others would wait for it for ever; the log says that nothing was asked."""
    script = FactScript(total_steps=10, steps_per_epoch=10)
    script.add(RunOpened, script.clock.wall(), 0.0, "run-1", 0, 2).begin().epoch_begin()
    script.step(micro_steps=[{"loss": NAN}], gradient_norm=1.0).end()
    end = record(script.facts, alerts={"nonfinite_loss": {"action": "stop"}}).entries[-1]

    assert None is end.stop_requested  # type: ignore[union-attr]


def test_only_rank_0_sends_messages() -> None:
    """Eight ranks are no reason for eight messages."""
    settings = Settings.from_options(notify=["json://localhost/hook"])

    assert [[], ["json://localhost/hook"]] == [settings.for_rank(1).notify, settings.for_rank(0).notify]
