"""Options from four places, checked in one."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from verbose_logging.errors import SettingsError
from verbose_logging.settings import Settings


def test_defaults_are_those_of_the_seed() -> None:
    """High, `verbose_training_logs.jsonl`, and `training_logs.jsonl` beside it."""
    settings = Settings.from_options()

    assert "high" == settings.verbosity_level
    assert Path.cwd() / "verbose_training_logs.jsonl" == settings.log_path
    assert Path.cwd() / "training_logs.jsonl" == settings.standard_log_path


def test_the_short_log_stands_beside_the_full_one(tmp_path: Path) -> None:
    """A short log without a folder goes to the full log's folder."""
    settings = Settings.from_options(log_file=tmp_path / "deep" / "log.jsonl")

    assert tmp_path / "deep" / "training_logs.jsonl" == settings.standard_log_path


def test_a_training_config_gives_our_keys_and_keeps_its_own() -> None:
    """Keys of the Trainer are left alone; `wandb_run_name` is the run's name."""
    settings = Settings.from_mapping(
        {"use_verbose_logging": True, "learning_rate": 2e-4, "verbosity_level": "low", "wandb_run_name": "first"}
    )

    assert ("low", "first") == (settings.verbosity_level, settings.run_name)


def test_yaml(tmp_path: Path) -> None:
    """A YAML config is a mapping like any other."""
    path = tmp_path / "config.yaml"
    path.write_text("verbosity_level: ultra\nmodel_name: x\nalerts:\n  slow_steps: off\n", encoding="utf-8")

    settings = Settings.from_yaml(path)

    assert "ultra" == settings.verbosity_level
    assert {"slow_steps": "off"} == settings.alerts


@pytest.mark.parametrize(
    ("text", "told"),
    [("a: [1", "config.yaml:"), ("- 1\n", "expected a mapping"), ("verbosity_level: loud\n", "verbosity_level")],
)
def test_broken_yaml_is_told_with_its_place(text: str, told: str, tmp_path: Path) -> None:
    """A config that cannot be used is refused with its path or key."""
    path = tmp_path / "config.yaml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(SettingsError, match=told):
        Settings.from_yaml(path)


def test_missing_yaml_is_told(tmp_path: Path) -> None:
    """A config that is not there is refused with its path."""
    with pytest.raises(SettingsError, match=r"none\.yaml"):
        Settings.from_yaml(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("environ", "field", "expected"),
    [
        ({"VERBOSE_LOGGING_LEVEL": "low"}, "verbosity_level", "low"),
        ({"FT_E2E_VERBOSE": "1"}, "verbosity_level", "ultra"),
        ({"FT_E2E_VERBOSE": "0"}, "verbosity_level", "high"),
        ({"VERBOSE_LOGGING_FILE": "other.jsonl"}, "log_file", "other.jsonl"),
        ({"VERBOSE_LOGGING_DISABLED": "1"}, "enabled", False),
        ({}, "enabled", True),
    ],
)
def test_the_environment_speaks_last(environ: dict[str, str], field: str, expected: object) -> None:
    """A variable wins over the value in code."""
    settings = Settings.from_options(verbosity_level="high").with_environment(environ)

    assert expected == getattr(settings, field)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"verbosity_level": "hihg"}, "did you mean 'high'"),
        ({"verbosity_level": 3}, "no level 3"),
        ({"verbosty_level": "low"}, "did you mean 'verbosity_level'"),
        ({"progress_percent": 0}, "progress_percent"),
        ({"progress_percent": "often"}, "progress_percent"),
        ({"sample_interval_seconds": -1}, "sample_interval_seconds"),
        ({"log_file": ""}, "log_file"),
        ({"log_file": None}, "log_file"),
        ({"console": "loud"}, "console"),
        ({"notify_severity": "error"}, "notify_severity: got 'error', expected "),
        ({"alerts": {"high_memry": {}}}, "did you mean 'high_memory'"),
        ({"alerts": {"high_memory": {"over": 3}}}, "over"),
        ({"alerts": {"high_memory": "on"}}, "alerts"),
        ({"sinks": ["nowhere"]}, "sinks"),
        ({"sinks": 5}, "sinks: expected a list"),
        ({"log_file": "a\0b"}, "log_file"),
        ({"alerts": {"high_memory": {"abov": 3}}}, "did you mean 'above'"),
        ({"alerts": {"high_memory": {"above": "x"}}}, "expected a number"),
        ({"probes": [3]}, "probes"),
        ({"enabled": "perhaps"}, "enabled"),
        ({"model_state": 5}, "model_state: expected a function of the Trainer's state and the model, got 5"),
        ({"console_interval": -1}, "console_interval"),
        ({"console": "tabel"}, "console: got 'tabel', expected auto, steps, .*; did you mean 'table'"),
        ({"console": ["steps", "table"]}, "console: got .* expected auto, steps"),
    ],
)
def test_wrong_values_are_named(options: dict[str, object], told: str) -> None:
    """Every refusal is a ValueError of one line that names the option."""
    with pytest.raises(ValueError, match=told) as refusal:
        Settings.from_options(**options)

    assert isinstance(refusal.value, SettingsError)
    assert "\n" not in str(refusal.value)


def test_described_settings_are_plain() -> None:
    """What the log carries of the settings can be written as JSON."""
    assert b'"verbosity_level":"high"' in msgspec.json.encode(Settings.from_options().described())


def test_a_wrong_variable_is_named() -> None:
    """A level that comes from the environment is refused by the variable's name."""
    with pytest.raises(SettingsError, match="VERBOSE_LOGGING_LEVEL"):
        Settings.from_options().with_environment({"VERBOSE_LOGGING_LEVEL": "loud"})
