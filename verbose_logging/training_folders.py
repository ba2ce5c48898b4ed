"""Where a training with a session id leaves its files: `training_sessions/ID`, the logs below `logs`."""

from __future__ import annotations

import re
from pathlib import Path

from verbose_logging.config_file import GivenConfig
from verbose_logging.errors import SettingsError

SESSIONS = Path("training_sessions")
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_LOGS = {"log_file": "verbose_training_logs.jsonl", "standard_log_file": "training_logs.jsonl"}


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


def in_session(given: GivenConfig, session_id: str) -> GivenConfig:
    """Returns the config with every log of its own in the session's folder, and the model too if it names no place.

    Raises:
        SettingsError: The id is no name for a folder.

    Example:
        >>> in_session(GivenConfig({"log_file": "/var/log/mine.jsonl"}), "run-7").values["log_file"]
        'training_sessions/run-7/logs/mine.jsonl'
    """
    folder = logs_folder(session_id)
    placed = {key: str(folder / Path(given.values.get(key) or name).name) for key, name in _LOGS.items()}
    if given.values.get("standard_log_file", "") is None:
        del placed["standard_log_file"]
    return given._replace(values={"output_dir": str(folder.parent), **given.values, **placed})
