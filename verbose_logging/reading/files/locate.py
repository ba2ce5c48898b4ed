"""Which file is meant: a named one, the newest in a folder, or the newest below the working directory."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from verbose_logging.errors import LogError, hint_at_neighbours
from verbose_logging.reading.files.lines import BrokenLineError, numbered_lines, parse_object
from verbose_logging.reading.files.schema import ENTRY_KEYS

_DEFAULT_STEM = "verbose_training_logs"
_NEVER_ENTERED = frozenset({"node_modules", "venv", "__pycache__", "site-packages"})
_RUN_JSON = re.compile(r"^run_.*\.json$|_\d{8}_\d{6}(-\d+)?\.json$")
_MAX_DEPTH = 6
_MAX_FOLDERS = 10_000


def find_run(path: str | Path | None = None) -> Path:
    """Returns the log file that is meant.

    Args:
        path: A file, a folder to look in, or `None` for the working directory. Folders are searched six levels deep,
            without hidden ones and those that hold installed packages.

    Raises:
        LogError: There is no such file, or no log in the folder.
    """
    given = Path(path) if path is not None else Path()
    if not given.exists():
        raise LogError(f"{given}: no such file or folder{hint_at_neighbours(given)}")
    if not given.is_dir():
        return given
    newest = max(logs_below(given), key=_age_key, default=None) or next(iter(run_jsons(given)), None)
    if newest is None:
        place = "below the working directory" if path is None else f"in {given}"
        raise LogError(f"no training log {place}; name one, or write one with 'verbose-logging demo'")
    return newest


def run_jsons(folder: Path) -> list[Path]:
    """Returns the run JSONs of a folder itself, by their names, the newest first."""
    found = [path for path in folder.glob("*.json") if _RUN_JSON.search(path.name) and path.is_file()]
    return sorted(found, key=_age_key, reverse=True)


def full_log_beside(short_log: Path) -> Path | None:
    """Returns the full log in the folder of a short one: the one of the usual name, else the newest."""
    logs = [path for path in short_log.parent.glob("*") if path != short_log and _is_log(path)]
    return max(logs, key=lambda path: (path.stem == _DEFAULT_STEM, _age_key(path)), default=None)


def _age_key(path: Path) -> tuple[int, str]:
    try:
        return path.stat().st_mtime_ns, str(path)
    except OSError:
        return 0, str(path)


def logs_below(folder: Path) -> Iterator[Path]:
    """Yields the full logs in a folder and six levels below it."""
    yield from (path for path in files_below(folder) if _is_log(path))


def run_jsons_below(folder: Path) -> Iterator[Path]:
    """Yields what is named like a run JSON, in a folder and six levels below it."""
    yield from (path for path in files_below(folder) if _RUN_JSON.search(path.name))


def files_below(folder: Path) -> Iterator[Path]:
    """Yields the files in a folder and six levels below it, without hidden folders and installed packages."""
    for current, folders, names in islice(os.walk(folder), _MAX_FOLDERS):
        here = Path(current)
        at_bottom = len(here.relative_to(folder).parts) >= _MAX_DEPTH
        folders[:] = [] if at_bottom else [name for name in folders if _is_entered(name)]
        yield from (here / name for name in names)


def _is_entered(name: str) -> bool:
    return not name.startswith(".") and name not in _NEVER_ENTERED


def _is_log(path: Path) -> bool:
    """Tells whether a file is a full log; what waits beside one for repair (a spill file) is none."""
    name = path.name.removesuffix(".gz")
    if not name.endswith(".jsonl") or ".spill-" in name or not path.is_file():
        return False
    return name.startswith(_DEFAULT_STEM) or _starts_like_ours(path)


def _starts_like_ours(path: Path) -> bool:
    """Tells whether the first line is an entry of ours; `run_id` tells it from the short log beside it."""
    try:
        first = next(iter(numbered_lines(path)), None)
        return first is not None and {*ENTRY_KEYS, "run_id"} <= parse_object(first).keys()
    except (LogError, BrokenLineError):
        return False
