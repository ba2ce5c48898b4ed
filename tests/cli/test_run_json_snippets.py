"""The code that people write over run files: theirs, run on the files of real runs with only the names changed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.trainer

SNIPPETS = Path(__file__).parent.parent / "snippets" / "run_json"
EXAMPLE = Path(__file__).parents[2] / "examples" / "train.py"
TWO_RUNS = """
from verbose_logging import VerboseLoggingCallback
from tests.trainer.conftest import tiny_dataset, tiny_model
from transformers import Trainer, TrainingArguments

for rate in (1e-3, 1e-2):
    arguments = TrainingArguments(
        "out", max_steps=12, learning_rate=rate, logging_steps=1, eval_strategy="steps", eval_steps=4, save_steps=6,
        per_device_train_batch_size=4, report_to="none", use_cpu=True, disable_tqdm=True,
    )
    recorder = VerboseLoggingCallback("high", console="off", peak_flops=1e12)
    data = {"train_dataset": tiny_dataset(), "eval_dataset": tiny_dataset(8)}
    Trainer(tiny_model(), arguments, callbacks=[recorder], **data).train()
    recorder.close()
"""
needs_jq = pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a working directory with the files of two real runs in `out`."""
    found = tmp_path_factory.mktemp("runs")
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    subprocess.run([sys.executable, "-c", TWO_RUNS], check=True, capture_output=True, cwd=found, env=environment)
    assert 2 == len(list((found / "out").glob("*.json")))
    return found


def snippet(name: str, folder: Path) -> str:
    """Returns a snippet with the names of the files that are there."""
    first, second = (f"out/{path.name}" for path in sorted((folder / "out").glob("*.json")))
    changes = {
        "out/run_20231031_162345.json": first,
        "out/run_20231031_171523.json": second,
        "out/run_baseline.json": first,
        "out/run_zero1.json": second,
        "out/run_fsdp.json": second,
        "from training_logger import": "from verbose_logging import",
        "python train.py": f"{sys.executable} {EXAMPLE} --max_iters=10 --eval_interval=5",
    }
    text = (SNIPPETS / name).read_text(encoding="utf-8")
    for before, after in changes.items():
        text = text.replace(before, after)
    return text


def printed(name: str, folder: Path, **environment: str) -> list[str]:
    """Returns what a snippet prints."""
    command = [sys.executable, "-W", "ignore", "-c"] if name.endswith(".py") else ["bash", "-euo", "pipefail", "-c"]
    run = subprocess.run(
        [*command, snippet(name, folder)],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**os.environ, "MPLBACKEND": "Agg", **environment},
        timeout=300,
    )
    assert 0 == run.returncode, run.stderr
    return run.stdout.splitlines()


def test_load_and_view(folder: Path) -> None:
    """The summary is printed, the curve is drawn."""
    assert "'total_iterations': 12, 'final_iter': 12" in printed("load_and_view.py", folder)[0]
    assert (folder / "loss_curve.png").stat().st_size > 1000


def test_compare_multiple_runs(folder: Path) -> None:
    """A line for each run, with numbers in it."""
    lines = printed("compare_multiple_runs.py", folder)

    assert 2 == len(lines)
    assert all("final_loss=" in line and "nan" not in line for line in lines)


def test_extract_specific_metrics(folder: Path) -> None:
    """Mean, minimum and time are numbers; the table has a row for each step."""
    lines = printed("extract_specific_metrics.py", folder)

    assert ["Mean loss", "Min loss", "Mean time", "Mean MFU"] == [line.split(":")[0] for line in lines]
    assert "nan" not in "".join(lines)
    assert 13 == len((folder / "training_metrics.csv").read_text(encoding="utf-8").splitlines())


def test_plot_training_progress(folder: Path) -> None:
    """Three panels in a picture."""
    assert ["Saved to training_analysis.png"] == printed("plot_training_progress.py", folder)


def test_compare_training_and_validation_loss(folder: Path) -> None:
    """Both curves have their points."""
    printed("compare_training_and_validation_loss.py", folder)

    assert (folder / "train_val_comparison.png").stat().st_size > 1000


def test_export_summary_table(folder: Path) -> None:
    """A Markdown table with a row for each file."""
    header, _, *rows = printed("export_summary_table.py", folder)

    assert "Final Train Loss" in header
    assert 3 == len(rows)


@needs_jq
def test_view_log_without_python(folder: Path) -> None:
    """Jq reads it; the last two answers are the final loss and the number of steps."""
    *_, loss, count = printed("view_log_without_python.sh", folder)

    assert (True, "12") == (0 < float(loss) < 10, count)


def test_list_all_logs(folder: Path) -> None:
    """The run files are all that is called .json there."""
    assert 2 == len(printed("list_all_logs.sh", folder))


@needs_jq
def test_find_best_run(folder: Path) -> None:
    """The run with the lower evaluation loss comes first, as `verbose-logging list` has it."""
    (line,) = printed("find_best_run.sh", folder)
    listed = subprocess.run(
        [sys.executable, "-m", "verbose_logging", "list", "out", "--sort", "best_val_loss"],
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
    )

    assert Path(line.split(":")[0]).name in listed.stdout.splitlines()[1]


def test_tensorboard(folder: Path) -> None:
    """The event file is there."""
    pytest.importorskip("tensorboard")
    printed("tensorboard.py", folder)

    assert 1 == len(list((folder / "runs" / "experiment_1").iterdir()))


def test_weights_and_biases(folder: Path, tmp_path: Path) -> None:
    """A loop that logs to W&B leaves the run file as well."""
    pytest.importorskip("wandb")
    command = snippet("weights_and_biases.sh", folder)
    subprocess.run(
        ["bash", "-euc", command],  # noqa: S607 - as everywhere in this file, the shell that is there
        check=True,
        capture_output=True,
        cwd=tmp_path,
        env={**os.environ, "WANDB_MODE": "offline"},
        timeout=300,
    )

    assert 1 == len(list((tmp_path / "out").glob("*.json")))
    assert list(tmp_path.rglob("*.wandb"))


def test_a_run_file_can_be_made_of_the_log(folder: Path) -> None:
    """What a replay of the log leaves is what the live run left, but for the name."""
    live = max((folder / "out").glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
    command = ["export", "verbose_training_logs.jsonl", "--to", "json", "-o", "replayed.json"]
    subprocess.run([sys.executable, "-m", "verbose_logging", *command], check=True, capture_output=True, cwd=folder)
    made, left = (json.loads(path.read_text(encoding="utf-8")) for path in (folder / "replayed.json", live))

    assert left == made | {"run_name": left["run_name"]}
