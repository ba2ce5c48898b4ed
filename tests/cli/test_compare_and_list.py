"""The verbs that look at several runs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.logs import read_lines
from verbose_logging.cli import main


@pytest.fixture
def runs(log_file: Path) -> Path:
    """Returns a folder with two runs, of which the deeper one has the lower losses."""
    other = log_file.read_text(encoding="utf-8").replace('"run-1"', '"run-2"')
    lines = [json.loads(line) for line in other.splitlines()]
    for entry in lines:
        entry["run_id"] = "run-2"
        for key, value in entry.get("metrics", {}).items():
            if key.endswith("loss"):
                entry["metrics"][key] = value / 2
    folder = Path("deep/er")
    folder.mkdir(parents=True)
    text = "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in lines)
    (folder / "other.jsonl").write_text(text, encoding="utf-8")
    return Path()


@pytest.mark.usefixtures("runs")
def test_runs_are_listed_best_first(capsys: pytest.CaptureFixture[str]) -> None:
    """Sorting by a loss puts the lowest first."""
    assert 0 == main(["list", "--sort", "best_val_loss", "--json"])
    rows = json.loads(capsys.readouterr().out)

    assert ["deep/er/other.jsonl", "run.jsonl"] == [row["path"] for row in rows]
    assert rows[0]["best_val_loss"] < rows[1]["best_val_loss"]


@pytest.mark.usefixtures("runs")
def test_a_list_is_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    """A line for each run, with its file."""
    assert 0 == main(["list"])
    header, *lines = capsys.readouterr().out.splitlines()

    assert header.split() == ["run", "started", "outcome", "steps", "final", "loss", "best", "val", "time", "file"]
    assert ["deep/er/other.jsonl", "run.jsonl"] == sorted(line.split()[-1] for line in lines)


@pytest.mark.usefixtures("runs")
def test_a_run_is_listed_once(capsys: pytest.CaptureFixture[str]) -> None:
    """A copy of a run, and what is no run at all, add no line; the latter is told."""
    shutil.copy("run.jsonl", "copy.jsonl")
    Path("run_20260101_000000.json").write_text("[]")

    assert 0 == main(["list", "--json"])
    out, err = capsys.readouterr()
    assert 2 == len(json.loads(out))
    assert "passed over: run_20260101_000000.json: a JSON array" in err


def _make_last_loss_nan(log: Path) -> None:
    """Puts a NaN, as our log writes one, in the place of the last step's loss and of the end's."""
    lines = read_lines(log)
    steps = [entry for entry in lines if entry["type"] == "training_step_complete"]
    steps[-1]["metrics"]["loss"] = None
    steps[-1]["nonfinite"] = {"metrics.loss": "NaN"}
    for entry in lines:
        if "final_loss" in entry.get("statistics", {}):
            entry["statistics"]["final_loss"] = None
            entry["nonfinite"] = {"statistics.final_loss": "NaN"}
    log.write_text("".join(json.dumps(entry) + "\n" for entry in lines), encoding="utf-8")


@pytest.mark.usefixtures("runs")
def test_a_run_that_ended_in_nan_says_so_everywhere(capsys: pytest.CaptureFixture[str]) -> None:
    """No verb takes the last finite loss for the last one; by it, such a run comes last."""
    broken = Path("deep/er/other.jsonl")
    _make_last_loss_nan(broken)

    assert 0 == main(["list", "--sort", "final_loss", "--json"])
    last = json.loads(capsys.readouterr().out)[-1]
    assert (str(broken), None, "NaN") == (last["path"], last["final_loss"], last["final_loss_nonfinite"])

    for arguments in (["list"], ["show", str(broken)], ["compare", "run.jsonl", str(broken)]):
        assert 0 == main(arguments)
        assert "NaN" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "status", "expected"),
    [
        (["list"], 1, "error: .: no run in it"),
        (["list", "nowhere"], 1, "error: nowhere: no such file or folder"),
        (["list", "--sort", "best_vall_loss"], 2, "did you mean 'best_val_loss'"),
        (["compare", "a", "b"], 1, "error: a: no such file or folder"),
        (["compare"], 2, "try 'verbose-logging compare --help'"),
    ],
)
@pytest.mark.usefixtures("empty_folder")
def test_bad_input_is_one_line(
    arguments: list[str], status: int, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is wrong is said in one line, with the status that belongs to it."""
    assert status == main(arguments)
    out, err = capsys.readouterr()
    assert ("", 1) == (out, err.count("\n"))
    assert expected in err


@pytest.mark.usefixtures("runs")
def test_runs_are_compared_in_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    """The first run is the baseline; the others show how they differ from it."""
    assert 0 == main(["compare", "run.jsonl", "deep/er/other.jsonl"])
    rows = {line.split()[0]: line for line in capsys.readouterr().out.splitlines() if line.strip()}

    assert "(-50.0%)" in rows["final_loss"]
    assert "(+0.0%)" in rows["avg_time_ms"]


@pytest.mark.usefixtures("runs")
def test_a_comparison_is_strict_json(capsys: pytest.CaptureFixture[str]) -> None:
    """What is not known is null there."""
    assert 0 == main(["compare", "run.jsonl", "deep/er/other.jsonl", "--json"])
    found = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)

    assert ["final_loss", "best_loss"] == list(found["differences"]["figures"])[:2]


def test_a_name_in_a_log_cannot_steer_the_terminal(log_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Escape sequences in a run's name are shown, not obeyed, by every verb."""
    text = log_file.read_text(encoding="utf-8")
    run_id = json.loads(text.splitlines()[0])["run_id"]
    log_file.write_text(text.replace(run_id, "\\u001b]0;owned\\u0007\\u001b[31m"), encoding="utf-8")
    for verb in (["list"], ["show"], ["compare", "run.jsonl", "run.jsonl"]):
        assert 0 == main(verb)
        out, err = capsys.readouterr()
        assert "\x1b" not in out + err
        assert "\\x1b[31m" in out
