from __future__ import annotations

import os
from pathlib import Path

import pytest

from verbose_logging.errors import LogError
from verbose_logging.reading.files.locate import find_run, full_log_beside

OURS = b'{"timestamp": "t", "type": "x", "level": "INFO", "message": "m", "run_id": "r"}\n'


def _log(path: Path, age: int, content: bytes = OURS) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (1_700_000_000 - age, 1_700_000_000 - age))
    return path


def test_a_file_is_taken_as_it_is(tmp_path: Path) -> None:
    """A named file is not judged here."""
    path = _log(tmp_path / "anything.txt", age=0, content=b"")

    assert path == find_run(path)


def test_the_newest_log_in_a_folder_is_meant(tmp_path: Path) -> None:
    """Of several logs below a folder the one written last is taken."""
    _log(tmp_path / "one" / "verbose_training_logs.jsonl", age=20)
    newest = _log(tmp_path / "two" / "deep" / "custom.jsonl", age=10)
    _log(tmp_path / "three" / "verbose_training_logs.rank1.jsonl.gz", age=30)

    assert newest == find_run(tmp_path)


def test_the_working_directory_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a path the search begins where the user stands."""
    _log(tmp_path / "run" / "verbose_training_logs.jsonl", age=0)
    monkeypatch.chdir(tmp_path)

    assert Path("run/verbose_training_logs.jsonl") == find_run()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("data.jsonl", b'{"text": "no log"}\n'),
        ("training_logs.jsonl", OURS.replace(b', "run_id": "r"', b"")),
        ("verbose_training_logs.jsonl.spill-7.jsonl", OURS),
        ("broken.jsonl", b"\x00\n"),
        ("empty.jsonl", b""),
        (".cache/verbose_training_logs.jsonl", OURS),
        ("node_modules/verbose_training_logs.jsonl", OURS),
        ("a/b/c/d/e/f/g/verbose_training_logs.jsonl", OURS),
    ],
)
def test_other_files_are_no_logs(tmp_path: Path, name: str, content: bytes) -> None:
    """Data sets, the short log, spill files and what lies hidden or too deep are passed over."""
    _log(tmp_path / name, age=0, content=content)

    with pytest.raises(LogError, match="no training log in "):
        find_run(tmp_path)


def test_a_missing_file_names_its_neighbours(tmp_path: Path) -> None:
    """A misspelt name is answered with what was probably meant."""
    _log(tmp_path / "verbose_training_logs.jsonl", age=0)

    with pytest.raises(LogError) as refusal:
        find_run(tmp_path / "verbose_training_log.jsonl")

    assert (
        f"{tmp_path}/verbose_training_log.jsonl: no such file or folder; "
        f"did you mean {tmp_path}/verbose_training_logs.jsonl?"
    ) == str(refusal.value)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    """Where there is nothing to suggest, nothing is."""
    with pytest.raises(LogError, match=r"run: no such file or folder$"):
        find_run(tmp_path / "gone" / "run")


def test_the_full_log_beside_a_short_one_has_the_usual_name_or_is_the_newest(tmp_path: Path) -> None:
    """The usual name wins; else the log written last; never the short log itself."""
    short = _log(tmp_path / "training_logs.jsonl", age=0, content=OURS.replace(b', "run_id": "r"', b""))

    assert full_log_beside(short) is None

    _log(tmp_path / "old.jsonl", age=20)
    newest = _log(tmp_path / "new.jsonl", age=10)

    assert newest == full_log_beside(short)

    usual = _log(tmp_path / "verbose_training_logs.jsonl", age=30)

    assert usual == full_log_beside(short)
