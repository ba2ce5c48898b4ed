"""Where a training with a session id leaves its files: `training_sessions/ID`, the logs below `logs`."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from verbose_logging.errors import SettingsError
from verbose_logging.settings import Settings
from verbose_logging.training.config import TrainingConfig

SESSIONS = Path("training_sessions")
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def logs_folder(session_id: str) -> Path:
    """Returns the folder of a session's logs.

    Raises:
        SettingsError: The id is no name for a folder.

    Example:
        >>> logs_folder("run-7").as_posix()
        'training_sessions/run-7/logs'
    """
    if not _SAFE.fullmatch(session_id):
        raise SettingsError(f"session_id: got {session_id!r}, expected letters, digits, '-', '_' and '.'")
    return SESSIONS / session_id / "logs"


def in_session(config: TrainingConfig, session_id: str) -> TrainingConfig:
    """Returns the config with every file of ours in the session's folder, and the model too if it names no place.

    Raises:
        SettingsError: The id is no name for a folder.
    """
    logs = logs_folder(session_id)
    arguments = {"output_dir": str(logs.parent), **config.arguments}
    settings = config.settings and _below(logs, config.settings)
    return config._replace(arguments=arguments, settings=settings)


def _below(folder: Path, settings: Settings) -> Settings:
    short = settings.standard_log_file
    return msgspec.structs.replace(
        settings,
        log_file=str(folder / Path(settings.log_file).name),
        standard_log_file=None if short is None else Path(short).name,
        output_dir=str(folder),
    )
