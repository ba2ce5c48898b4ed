"""What is public, and what importing it costs."""

from __future__ import annotations

import subprocess
import sys

import pytest

import verbose_logging
from verbose_logging.errors import MissingExtraError

PUBLIC = [
    "Settings",
    "TrainingLogger",
    "VerboseLoggingCallback",
    "VerboseTracker",
    "callbacks_from_config",
    "compare_runs",
    "diagnose",
    "load_run",
    "read_entries",
    "train_with_config",
]


def test_public_names() -> None:
    """The names a user can rely on, sorted; a new one is added here on purpose."""
    assert PUBLIC == verbose_logging.__all__
    assert sorted(verbose_logging.__all__) == verbose_logging.__all__


@pytest.mark.parametrize("name", PUBLIC)
def test_public_name_is_there_and_documented(name: str) -> None:
    """Each public name loads and says what it is."""
    assert getattr(verbose_logging, name).__doc__


def test_unknown_name_is_an_attribute_error() -> None:
    """A name that we do not have fails as in any module."""
    with pytest.raises(AttributeError, match="VerboseCallback"):
        verbose_logging.VerboseCallback  # noqa: B018 - the access is what is tested


def heavy_modules_after(statement: str) -> set[str]:
    """Returns which of the heavy libraries a fresh interpreter has loaded after the statement."""
    heavy = "{'torch', 'transformers', 'trl', 'datasets', 'pandas', 'matplotlib', 'numpy'}"
    code = f"import sys\n{statement}\nprint(*({heavy} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(run.stdout.splitlines()[-1].split() if run.stdout.strip() else [])


def test_importing_the_package_loads_nothing_heavy() -> None:
    """`import verbose_logging` costs neither torch nor transformers."""
    assert set() == heavy_modules_after("import verbose_logging")


def test_settings_and_readers_load_nothing_heavy() -> None:
    """Options and readers work where nothing for training is installed."""
    assert set() == heavy_modules_after("from verbose_logging import Settings, read_entries")


def test_help_loads_nothing_heavy() -> None:
    """`verbose-logging --help` answers without torch and transformers."""
    ask_for_help = (
        "sys.argv = ['verbose-logging', '--help']\n"
        "from verbose_logging.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print()"
    )
    assert set() == heavy_modules_after(ask_for_help)


def test_a_missing_library_is_named_with_its_command() -> None:
    """Without transformers the callback says in one line what to install."""
    code = "import sys; sys.modules['transformers'] = None; from verbose_logging import VerboseLoggingCallback"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert str(MissingExtraError("VerboseLoggingCallback", "train")) in run.stderr.splitlines()[-1]
