"""Whatever file a reading verb is given: one clear line, or a usable answer; never a traceback."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from verbose_logging.cli import main

READERS = (
    ["show"],
    ["compare"],
    ["plot", "-o", "out.png"],
    ["export", "--to", "csv", "-o", "out.csv"],
    ["export", "--to", "json", "-o", "out.json"],
    ["watch"],
    ["validate"],
    ["validate", "--repair"],
)
WITHOUT_PRIVILEGES = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]  # so that even root is forbidden something
every_reader = pytest.mark.parametrize("verb", READERS, ids=" ".join)


def empty(path: Path) -> None:
    """Nothing at all."""
    path.touch()


def binary(path: Path) -> None:
    """A program, or a checkpoint."""
    path.write_bytes(b"\x7fELF\x02\x01\x01" + bytes(range(1, 9)) * 500)


def zip_archive(path: Path) -> None:
    """A checkpoint of torch's."""
    path.write_bytes(b"PK\x03\x04" + os.urandom(4000).replace(b"{", b"x").replace(b"\n", b"x"))


def utf16(path: Path) -> None:
    """What PowerShell's `>` writes."""
    path.write_text('{"type": "x"}\n', encoding="utf-16")


def json_array(path: Path) -> None:
    """Entries in one array."""
    path.write_text('[{"type": "training_start"}]')


def other_json(path: Path) -> None:
    """A model's configuration."""
    path.write_text('{\n  "model_type": "gpt2"\n}\n')


def prose(path: Path) -> None:
    """A text."""
    path.write_text("Dear diary,\ntoday I trained.\n")


def cut_archive(path: Path) -> None:
    """A gzip file that was not written to its end."""
    path.write_bytes(gzip.compress(b'{"type":"training_start","run_id":"r"}\n' * 99)[:12])


def deep(path: Path) -> None:
    """A line that nests too deeply for any parser."""
    path.write_bytes(b'{"type":"x","a":' + b"[" * 100_000 + b"\n")


def a_pipe(path: Path) -> None:
    """A pipe that nobody writes to."""
    os.mkfifo(path)


def a_loop(path: Path) -> None:
    """A link to itself."""
    path.symlink_to(path)


def a_folder(path: Path) -> None:
    """A folder without a log in it."""
    path.mkdir()


def nothing(path: Path) -> None:
    """A name that leads nowhere."""


UNUSABLE = (
    *(empty, binary, zip_archive, utf16, json_array, other_json, prose, cut_archive, deep),
    *(a_pipe, a_loop, a_folder, nothing),
)


@every_reader
@pytest.mark.parametrize("make", UNUSABLE, ids=[make.__name__ for make in UNUSABLE])
@pytest.mark.usefixtures("empty_folder")
def test_what_cannot_be_used_is_refused_in_one_line(
    verb: list[str], make: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 1, and the line names the file."""
    make(Path("run.jsonl"))
    status = main([verb[0], "run.jsonl", *verb[1:]])
    _, err = capsys.readouterr()

    if verb == ["validate", "--repair"] and make in {prose, deep}:
        assert (0, "") == (status, err)  # the copy is empty, and every line is named
        return
    assert (1, 1) == (status, err.count("\n"))
    assert err.startswith("error: ")
    assert "run.jsonl" in err


@every_reader
def test_a_file_that_may_not_be_read_is_refused(verb: list[str], log_file: Path) -> None:
    """The reason is the system's."""
    log_file.chmod(0)
    as_one_who_may_not = WITHOUT_PRIVILEGES if os.geteuid() == 0 else []
    command = [*as_one_who_may_not, sys.executable, "-m", "verbose_logging", verb[0], "run.jsonl", *verb[1:]]
    run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=log_file.parent)

    assert (1, "error: run.jsonl: Permission denied\n") == (run.returncode, run.stderr)


@every_reader
@pytest.mark.usefixtures("log_file")
def test_a_missing_name_is_answered_with_a_near_one(verb: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """The file that was meant is at hand."""
    assert 1 == main([verb[0], "rum.jsonl", *verb[1:]])
    assert "error: rum.jsonl: no such file or folder; did you mean run.jsonl?\n" == capsys.readouterr().err


def wrong_types(content: bytes) -> bytes:
    """Texts and lists where numbers should be."""
    return content.replace(b'"loss":', b'"loss":"low","l":').replace(b'"step":2', b'"step":[2]')


def large_line(content: bytes) -> bytes:
    """An entry of 30 MB."""
    return content + b'{"type":"note","level":"INFO","message":"m","timestamp":"t","text":"%s"}\n' % (b"x" * (30 << 20))


def escapes(content: bytes) -> bytes:
    """Sequences that a terminal would obey."""
    return content.replace(b'"message":"', b'"message":"\\u001b[31m\\u001b]0;owned\\u0007')


def repeated(content: bytes) -> bytes:
    """Every line twice."""
    return b"".join(line * 2 for line in content.splitlines(keepends=True))


def dates(content: bytes) -> bytes:
    """Times that are none."""
    return content.replace(b'"timestamp":"', b'"timestamp":"the day before ')


ODD = (wrong_types, large_line, escapes, repeated, dates)


@pytest.mark.parametrize("verb", READERS[:6], ids=" ".join)
@pytest.mark.parametrize("change", ODD, ids=[change.__name__ for change in ODD])
def test_what_is_odd_is_read_as_far_as_it_goes(
    verb: list[str], change: Callable[[bytes], bytes], log_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A usable answer, and nothing in it that a terminal obeys."""
    log_file.write_bytes(change(log_file.read_bytes()))

    assert 0 == main([verb[0], "run.jsonl", *verb[1:]])
    out, err = capsys.readouterr()
    assert "" == err
    assert not {"\x1b", "\x07"} & set(out)
