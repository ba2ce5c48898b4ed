"""Every example runs by the command in its docstring.

What is started with `python` runs in a child of one server process that has loaded the libraries once, so that an
example costs what it does and not what it imports.
"""

from __future__ import annotations

import ast
import contextlib
import json
import multiprocessing
import os
import runpy
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import nbclient
import nbformat
import pytest

from verbose_logging.entries import decode_entry
from verbose_logging.levels import LEVELS

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
SERVERS = {"fastapi_app"}  # these go on for ever, and have tests of their own
SECONDS = 180


def command(example: Path) -> list[str]:
    """Returns the command that the docstring gives for running an example, with the example's whole path."""
    text = ast.get_docstring(ast.parse(example.read_text(encoding="utf-8"))) or ""
    (line,) = (line.removeprefix("Run it: ") for line in text.splitlines() if line.startswith("Run it: "))
    return [str(ROOT / word) if word.startswith("examples/") else word for word in shlex.split(line)]


def run_as_main(argv: Sequence[str], folder: Path) -> None:
    """Runs a script as `python` would, in a folder; for a process of its own."""
    os.chdir(folder)
    os.environ["WANDB_MODE"] = "offline"
    sys.argv[:] = argv
    sys.path[:0] = [str(Path(argv[0]).parent)]
    with (folder / "output.txt").open("w", encoding="utf-8") as output, contextlib.redirect_stdout(output):
        runpy.run_path(argv[0], run_name="__main__")


@pytest.fixture(scope="module")
def processes() -> multiprocessing.context.ForkServerContext:
    """Returns what starts processes that have the training libraries loaded."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["torch", "datasets", "transformers", "trl", "accelerate", "peft"])
    return context


def run_in_child(processes: multiprocessing.context.ForkServerContext, arguments: Sequence[str], folder: Path) -> None:
    """Runs a script with its arguments in a folder; it has to end well."""
    process = processes.Process(target=run_as_main, args=(arguments, folder))
    process.start()
    process.join(SECONDS)
    assert 0 == process.exitcode


@pytest.mark.trainer
@pytest.mark.parametrize("example", [path for path in EXAMPLES if path.stem not in SERVERS], ids=lambda path: path.stem)
def test_example_runs_and_leaves_a_log(
    example: Path, tmp_path: Path, processes: multiprocessing.context.ForkServerContext
) -> None:
    """Run in an empty folder it ends well, and the log tells its end."""
    program, *arguments = command(example)
    if program == "python":
        run_in_child(processes, arguments, tmp_path)
    else:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        subprocess.run(
            [program, *arguments], cwd=tmp_path, env={**os.environ, "PATH": path}, check=True, timeout=SECONDS
        )

    logs = sorted(tmp_path.rglob("verbose_*.jsonl"))
    assert logs
    for log in logs:
        assert '"type":"training_complete"' in log.read_text(encoding="utf-8").splitlines()[-1]


@pytest.mark.trainer
def test_the_simulation_leaves_a_valid_log_per_level(tmp_path: Path) -> None:
    """With the options of its manual it runs, shows each form, and leaves one valid log for each of four levels."""
    command = [sys.executable, str(EXAMPLES[0].with_name("test_verbose_logging.py")), "--max_iters", "40"]
    run = subprocess.run([*command, "--log_every", "1"], cwd=tmp_path, check=True, capture_output=True, timeout=120)
    printed = run.stdout.decode()

    assert {f"verbose_test_{level}.jsonl" for level in LEVELS} == {path.name for path in tmp_path.glob("*.jsonl")}
    assert 40 == printed.count("🔄 TRAINING PROGRESS") == printed.count("✅ Epoch")
    assert 1 == printed.count("Step    Loss      Grad Norm    Learning Rate")
    for log in tmp_path.glob("*.jsonl"):
        for line in log.read_bytes().splitlines():
            decode_entry(line)


@pytest.mark.trainer
def test_the_notebook_runs_from_top_to_bottom(tmp_path: Path) -> None:
    """Every cell runs, and the last ones know every step of the training above them."""
    notebook = nbformat.read(ROOT / "examples" / "notebook.ipynb", as_version=4)
    nbclient.NotebookClient(notebook, timeout=SECONDS, resources={"metadata": {"path": str(tmp_path)}}).execute()

    *_, summary, table = (cell.outputs for cell in notebook.cells if cell.cell_type == "code")
    assert summary[0].text.startswith("30 steps, loss ")
    assert "complete: 30 of 30 steps" in summary[0].text
    assert "grad_norm" in table[0].data["text/plain"]


@pytest.mark.trainer
@pytest.mark.parametrize(
    ("flags", "documents"),
    [
        (["--max_iters", "4"], ["run_*_*.json"]),
        (["--max_iters=4", "--wandb_run_name=my_experiment", "--log_save_interval=50"], ["my_experiment_*_*.json"]),
        (["--max_iters=4", "--save_log_to_json=False"], []),
        (["--max_iters=4", "--wandb_log=True", "--save_log_to_json=True"], ["run_*_*.json"]),
    ],
)
def test_the_plain_loop_takes_the_guides_flags(
    flags: list[str], documents: list[str], tmp_path: Path, processes: multiprocessing.context.ForkServerContext
) -> None:
    """Each flag of the guide, as it is written there, does what it says; W&B stays on this machine."""
    run_in_child(processes, [str(ROOT / "examples" / "train.py"), *flags], tmp_path)

    found = list((tmp_path / "out").glob("*.json"))
    assert len(documents) == len(found)
    assert all(path.match(pattern) for path, pattern in zip(found, documents, strict=True))
    assert ("--wandb_log=True" in flags) == (tmp_path / "wandb").exists()


@pytest.mark.trainer
def test_the_plain_loop_goes_on_where_it_was(
    tmp_path: Path, processes: multiprocessing.context.ForkServerContext
) -> None:
    """Resumed from its checkpoint at iteration 4, it is one run in one document, with each iteration once."""
    script = str(ROOT / "examples" / "train.py")
    run_in_child(processes, [script, "--max_iters=5", "--eval_interval=4"], tmp_path)
    run_in_child(processes, [script, "--max_iters=8", "--eval_interval=4", "--init_from=resume"], tmp_path)

    (document,) = (tmp_path / "out").glob("*.json")
    rows = json.loads(document.read_text(encoding="utf-8"))["training_iterations"]
    assert list(range(9)) == [row["iter"] for row in rows]
