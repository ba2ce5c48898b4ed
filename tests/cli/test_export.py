"""A run in other people's forms, read back with their own tools."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from verbose_logging import load_run
from verbose_logging.cli import main
from verbose_logging.log_parts import packed_part, plain_part
from verbose_logging.reading.tables import escaped, harmless


def exported(form: str, target: str, source: str = "run.jsonl") -> Path:
    """Returns the path of what was written."""
    assert 0 == main(["export", source, "--to", form, "-o", target])
    return Path(target)


@pytest.mark.usefixtures("log_file")
def test_csv_has_a_row_for_each_step() -> None:
    """Names in the first row; the numbers are those of the log."""
    with exported("csv", "steps.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))

    assert load_run("run.jsonl").steps["loss"] == [float(row["loss"]) for row in rows]
    assert ["step", "epoch", "timestamp"] == list(rows[0])[:3]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "|cmd", "%0A"])
def test_no_cell_is_a_formula(text: str) -> None:
    """A text that a spreadsheet would run gets an apostrophe before it."""
    assert f"'{text}" == harmless(text)


def test_texts_of_a_log_are_harmless_in_a_table(log_file: Path) -> None:
    """A name of a metric and a text among the values, both meant to be run."""
    text = log_file.read_text(encoding="utf-8")
    meant_to_run = '"metrics":{"=HYPERLINK(1)":"=cmd|calc",'
    log_file.write_text(text.replace('"metrics":{', meant_to_run), encoding="utf-8")
    content = exported("csv", "steps.csv").read_text(encoding="utf-8")

    assert "'=HYPERLINK(1)" in content
    assert "'=cmd|calc" in content


def test_markdown_is_escaped() -> None:
    """Pipes, tags, links and line ends of a log are shown, not obeyed."""
    assert r"a\|b \<img\> \[x\](y) \`c\`\\n" == escaped("a|b <img> [x](y) `c`\n")


@pytest.mark.usefixtures("log_file")
def test_markdown_has_the_figures_and_the_steps() -> None:
    """Tables that every renderer understands."""
    lines = exported("markdown", "run.md").read_text(encoding="utf-8").splitlines()

    assert "| figure | value | unit |" in lines
    assert "| step | loss | learning_rate | grad_norm |" in lines or "| step | loss | learning_rate |" in lines


@pytest.mark.usefixtures("log_file")
def test_parquet_is_read_back() -> None:
    """Pandas reads what was written."""
    import pandas as pd  # noqa: PLC0415 - slow to import

    frame = pd.read_parquet(exported("parquet", "steps.parquet"))

    assert load_run("run.jsonl").steps["loss"] == frame["loss"].tolist()


@pytest.mark.usefixtures("log_file")
def test_a_run_json_is_made_of_a_log_and_of_a_run_json() -> None:
    """The document says the same either way, but for its name."""
    first = json.loads(exported("json", "first.json").read_text(encoding="utf-8"))
    second = json.loads(exported("json", "second.json", "first.json").read_text(encoding="utf-8"))

    assert ("first", "second") == (first["run_name"], second["run_name"])
    for part in ("training_iterations", "checkpoints", "summary"):
        assert first[part] == second[part]


def test_a_run_json_is_made_of_all_parts_of_a_log(log_file: Path) -> None:
    """What was set aside when the log was full is part of the run."""
    whole = json.loads(exported("json", "whole.json").read_text(encoding="utf-8"))
    lines = log_file.read_bytes().splitlines(keepends=True)
    packed_part(plain_part(log_file, 1)).write_bytes(gzip.compress(b"".join(lines[:-2])))
    log_file.write_bytes(b"".join(lines[-2:]))

    assert whole | {"run_name": "parts"} == json.loads(exported("json", "parts.json").read_text(encoding="utf-8"))


@pytest.mark.usefixtures("log_file")
def test_tensorboard_is_read_back() -> None:
    """TensorBoard's own reader finds the losses at their steps and times."""
    event_accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    (folder,) = exported("tensorboard", "tb").iterdir()
    found = event_accumulator.EventAccumulator(str(folder))
    found.Reload()
    run = load_run("run.jsonl")

    scalars: list[Any] = found.Scalars("train/loss")
    assert run.steps["step"] == [scalar.step for scalar in scalars]
    assert run.steps["loss"] == pytest.approx([scalar.value for scalar in scalars])
    assert scalars[0].wall_time > 1_700_000_000


@pytest.mark.usefixtures("log_file")
def test_wandb_is_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that W&B can sync later; nothing leaves the machine, whatever the environment says."""
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_MODE", "online")
    folder = exported("wandb", "wb")

    assert 1 == len(list(folder.glob("wandb/offline-run-*/run-*.wandb")))


@pytest.mark.parametrize(
    ("arguments", "status", "expected"),
    [
        (["--to", "excel", "-o", "x"], 2, "no form 'excel'"),
        (["--to", "cvs", "-o", "x"], 2, "did you mean 'csv'"),
        (["--to", "csv", "-o", "no/where/x.csv"], 1, "error: no/where/x.csv: No such file or directory"),
        (["--to", "json", "-o", "run.jsonl"], 2, "is the run itself"),
        (["--to", "csv"], 2, "try 'verbose-logging export --help'"),
    ],
)
@pytest.mark.usefixtures("log_file")
def test_bad_use_is_one_line(
    arguments: list[str], status: int, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is wrong is said in one line, with the status that belongs to it."""
    assert status == main(["export", "run.jsonl", *arguments])
    out, err = capsys.readouterr()
    assert ("", 1) == (out, err.count("\n"))
    assert expected in err


@pytest.mark.usefixtures("log_file")
def test_a_picture_is_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    """The verb says where."""
    assert 0 == main(["plot", "run.jsonl", "run.jsonl", "-o", "two.png", "--json"])
    assert {"picture": "two.png", "runs": ["run.jsonl", "run.jsonl"]} == json.loads(capsys.readouterr().out)
    assert Path("two.png").read_bytes().startswith(b"\x89PNG")
