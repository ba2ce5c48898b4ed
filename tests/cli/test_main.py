from __future__ import annotations

import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from verbose_logging.cli import VERBS, main


def _process(code: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload]


def test_help_lists_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    """`--help` and no arguments at all say what one can do."""
    assert 0 == main(["--help"])
    shown = capsys.readouterr().out
    assert 0 == main([])

    assert shown.split() == capsys.readouterr().out.split()
    assert set(VERBS) <= set(shown.split())


@pytest.mark.parametrize("asked", ["-h", "--help"])
@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(verb: str, asked: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each verb says what it does."""
    assert 0 == main([verb, asked])
    assert (VERBS[verb].__doc__ or "no text").split()[0] in capsys.readouterr().out


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """`--version` prints the installed version."""
    assert 0 == main(["--version"])
    assert f"verbose-logging {metadata.version('verbose-logging')}\n" == capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "status", "error"),
    [
        (["shw"], 2, "No such command 'shw'. Did you mean 'show'?; try 'verbose-logging --help'"),
        (["show", "--jsn"], 2, "try 'verbose-logging show --help'"),
        (["schema", "extra"], 2, "try 'verbose-logging schema --help'"),
        (["demo", "--steps", "none"], 2, "try 'verbose-logging demo --help'"),
        (["demo", "--steps", "0"], 2, "try 'verbose-logging demo --help'"),
        (
            ["demo", "--level", "hihg"],
            2,
            "verbosity_level: no level 'hihg'; did you mean 'high'? Valid: low, medium, high, ultra",
        ),
        (["show", "gone.jsonl"], 1, "gone.jsonl: no such file or folder"),
        (["show", "gone\x1b[2J.jsonl"], 1, "gone\\x1b[2J.jsonl: no such file or folder"),
        (["train", "gone.yaml"], 2, "gone.yaml: No such file or directory"),
        (["show"], 1, "no training log below the working directory; name one"),
    ],
)
@pytest.mark.usefixtures("empty_folder")
def test_a_refusal_is_one_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], status: int, error: str
) -> None:
    """Wrong use and unusable input are told in one line on stderr, with the exit status that tells them apart."""
    assert status == main(arguments)

    out, err = capsys.readouterr()

    assert ("", 1) == (out, err.count("\n"))
    assert err.startswith("error: ")
    assert error in err


def test_an_output_folder_that_cannot_be_made_is_refused_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A bad folder is told before torch is loaded."""
    (tmp_path / "file").touch()

    assert 2 == main(["demo", "--output-dir", str(tmp_path / "file")])
    assert f"error: --output-dir: {tmp_path}/file: File exists\n" == capsys.readouterr().err


def test_a_missing_package_is_one_line() -> None:
    """Without the training packages the demo says what to install."""
    code = "import sys; sys.modules['trl'] = None; from verbose_logging.cli import main; sys.exit(main(['demo']))"
    answer = _process(code)

    assert (2, "") == (answer.returncode, answer.stdout)
    assert (
        "error: the demo needs packages that are not installed: pip install 'verbose-logging[train]'\n" == answer.stderr
    )


def test_help_loads_no_training_library() -> None:
    """`--help` answers without torch, transformers or trl."""
    code = (
        "import sys; from verbose_logging.cli import main; main(['--help']);"
        "sys.exit(bool({'torch', 'transformers', 'trl', 'numpy'} & set(sys.modules)))"
    )

    assert 0 == _process(code).returncode


@pytest.mark.parametrize("arguments", [["schema"], ["show", "run.jsonl"], ["--help"]])
@pytest.mark.usefixtures("log_file")
def test_a_closed_pipe_ends_quietly(arguments: list[str]) -> None:
    """When `head` has read enough, nobody complains."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    command = [sys.executable, "-m", "verbose_logging", *arguments]
    answer = subprocess.run(command, stdout=write_end, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write_end)

    assert (1, "") == (answer.returncode, answer.stderr)


def test_text_that_a_terminal_cannot_encode_is_escaped(log_file: Path) -> None:
    """An ASCII terminal gets escapes and no traceback."""
    log_file.write_text(log_file.read_text(encoding="utf-8").replace("TinyLM", "Tiny✅"), encoding="utf-8")
    answer = _process(
        "from verbose_logging.cli import main; main(['show', 'run.jsonl'])", env={"PYTHONIOENCODING": "ascii"}
    )

    assert "Tiny\\u2705" in answer.stdout
    assert "" == answer.stderr


def test_no_colour_without_a_terminal(log_file: Path) -> None:
    """What is piped into a file carries no escape sequence."""
    answer = _process(f"from verbose_logging.cli import main; main(['show', '{log_file}'])")

    assert "\x1b" not in answer.stdout
