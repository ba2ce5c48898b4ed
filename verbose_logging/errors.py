"""The exceptions of this package, and the wording they share.

    VerboseLoggingError
     +- SettingsError      (also a ValueError)   an option, a config key or a level is wrong
     +- MissingExtraError  (also an ImportError) a feature needs a package that is not installed
     +- LogError                                 a log or run file cannot be used

They are raised at set-up and by the readers only. While a training runs, nothing of ours raises.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class VerboseLoggingError(Exception):
    """Anything this package refuses to do, with the reason in one line."""


class SettingsError(VerboseLoggingError, ValueError):
    """An option is unknown or its value is not usable."""


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


class LogError(VerboseLoggingError):
    """A log or run file cannot be used; the text names the file."""


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """Returns the second half of a refusal: the nearest valid name, or all of them.

    Example:
        >>> did_you_mean("hihg", ["low", "medium", "high", "ultra"])
        "did you mean 'high'? Valid: low, medium, high, ultra"
    """
    names = list(known)
    valid = "Valid: " + ", ".join(names)
    near = difflib.get_close_matches(given, names, n=1, cutoff=0.5)
    return f"did you mean '{near[0]}'? {valid}" if near else valid
