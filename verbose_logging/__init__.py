"""The flight recorder for Hugging Face training.

    from verbose_logging import VerboseLoggingCallback

    trainer = SFTTrainer(..., callbacks=[VerboseLoggingCallback("high")])

Names are loaded when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from verbose_logging.accelerate_tracker import VerboseTracker
    from verbose_logging.automatic import callbacks_from_config
    from verbose_logging.callback import VerboseLoggingCallback
    from verbose_logging.loop import TrainingLogger
    from verbose_logging.reading.compare import compare_runs
    from verbose_logging.reading.diagnose import diagnose
    from verbose_logging.reading.reader import read_entries
    from verbose_logging.reading.runs.load import load_run
    from verbose_logging.settings import Settings
    from verbose_logging.training.train import train_with_config

__all__ = [
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

_HOMES = {
    "Settings": "settings",
    "TrainingLogger": "loop",
    "VerboseLoggingCallback": "callback",
    "VerboseTracker": "accelerate_tracker",
    "callbacks_from_config": "automatic",
    "compare_runs": "reading.compare",
    "diagnose": "reading.diagnose",
    "load_run": "reading.runs.load",
    "read_entries": "reading.reader",
    "train_with_config": "training.train",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("verbose-logging")
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'verbose_logging' has no attribute {name!r}")
    try:
        module = importlib.import_module(f"verbose_logging.{home}")
    except ModuleNotFoundError as error:
        if error.name and error.name.split(".")[0] == "verbose_logging":
            raise
        from verbose_logging.errors import MissingExtraError

        raise MissingExtraError(name, "train") from error
    return getattr(module, name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
