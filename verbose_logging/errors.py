"""The exceptions of this package, and the wording they share.

    VerboseLoggingError
     +- SettingsError      (also a ValueError)   an option, a config key or a level is wrong
     |   +- ConfigError                          a training config has mistakes, all of them told at once
     +- MissingExtraError  (also an ImportError) a feature needs a package that is not installed
     +- LogError                                 a log or run file cannot be used

They are raised at set-up and by the readers only. While a training runs, nothing of ours raises.
"""

from __future__ import annotations

import difflib
import importlib.util
from collections.abc import Iterable
from pathlib import Path


class VerboseLoggingError(Exception):
    """Anything this package refuses to do, with the reason in one line."""


class SettingsError(VerboseLoggingError, ValueError):
    """An option is unknown or its value is not usable."""


class ConfigError(SettingsError):
    """A training config has mistakes.

    Args:
        problems: One line for each mistake, `KEY: what was given, what was expected; the nearest valid key`.

    Example:
        >>> print(ConfigError(["lora_r: got -1, expected an integer >= 0", "modle: unknown key"]))
        lora_r: got -1, expected an integer >= 0
        modle: unknown key
    """

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class MissingExtraError(VerboseLoggingError, ImportError):
    """A feature needs a package that is not installed.

    Args:
        feature: What was asked for, as the user would name it.
        extra: The extra of this package that brings what is missing.

    Example:
        >>> print(MissingExtraError("the demo", "train"))
        the demo needs packages that are not installed: pip install 'verbose-logging[train]'
    """

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f"{feature} needs packages that are not installed: pip install 'verbose-logging[{extra}]'")


def is_installed(package: str) -> bool:
    """Returns whether a package can be imported, without importing it."""
    try:
        return importlib.util.find_spec(package) is not None
    except (ImportError, ValueError):  # its entry in sys.modules says no
        return False


class LogError(VerboseLoggingError):
    """A log or run file cannot be used; the text names the file."""


def one_line(error: BaseException) -> str:
    r"""Returns what another library's error says, in one line; its type where it says nothing.

    Example:
        >>> one_line(ValueError("bad config:\n  hidden_size is odd")), one_line(KeyError())
        ('bad config: hidden_size is odd', 'KeyError')
    """
    return " ".join(str(error).split()) or type(error).__name__


def first_line(error: BaseException) -> str:
    r"""Returns the first line of what another library's error says; its type where it says nothing.

    Example:
        >>> first_line(OSError("no such model\nCheck your connection.")), first_line(OSError())
        ('no such model', 'OSError')
    """
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """Returns the second half of a refusal: the nearest valid name, or all of them.

    Example:
        >>> did_you_mean("hihg", ["low", "medium", "high", "ultra"])
        "did you mean 'high'? Valid: low, medium, high, ultra"
    """
    names = list(known)
    valid = "Valid: " + ", ".join(names)
    near = _nearest(given, names)
    return f"did you mean '{near}'? {valid}" if near else valid


def hint(given: str, known: Iterable[str]) -> str:
    """Returns the end of a refusal where the valid names are too many to list: the nearest one, or nothing.

    Example:
        >>> hint("lerning_rate", ["learning_rate", "warmup_steps"]), hint("x", ["learning_rate"])
        ("; did you mean 'learning_rate'?", '')
    """
    near = _nearest(given, known)
    return f"; did you mean '{near}'?" if near else ""


def hint_at_neighbours(path: Path) -> str:
    """Returns the end of a refusal of a path that is not there: those beside it with nearly its name, or nothing.

    Example:
        >>> folder = getfixture("tmp_path")
        >>> (folder / "train.jsonl").touch()
        >>> hint_at_neighbours(folder / "trian.jsonl") == f"; did you mean {folder}/train.jsonl?"
        True
    """
    try:
        names = [neighbour.name for neighbour in path.parent.iterdir()]
    except (OSError, ValueError):
        return ""
    near = difflib.get_close_matches(path.name, names, n=3)
    return f"; did you mean {' or '.join(str(path.parent / name) for name in near)}?" if near else ""


def _nearest(given: str, known: Iterable[str]) -> str | None:
    return next(iter(difflib.get_close_matches(given, list(known), n=1, cutoff=0.5)), None)
