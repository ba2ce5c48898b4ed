"""Every Python block of the documentation runs: a page's blocks in order, in a folder where a run has ended."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from verbose_logging import train_with_config
from verbose_logging.cli import main

pytestmark = pytest.mark.trainer

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
PAGES = [
    page
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("**/*.md"))]
    if BLOCK.search(page.read_text(encoding="utf-8"))
]


def blocks_of(page: Path) -> str:
    """Returns the Python of a page, each block at the line where it stands, so that a traceback leads there."""
    text = page.read_text(encoding="utf-8")
    lines = [""] * text.count("\n")
    for found in BLOCK.finditer(text):
        first = text.count("\n", 0, found.start(1))
        code = found[1].splitlines()
        lines[first : first + len(code)] = code
    return "\n".join(lines)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which somebody has trained: a log, rows in `train.jsonl`, and the model under the pages' own name."""
    folder = tmp_path_factory.mktemp("reader")
    model = {"architecture": "qwen2", "hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    trained = train_with_config(
        config={
            "use_verbose_logging": True,
            "console": "off",
            "log_file": str(folder / "verbose_training_logs.jsonl"),
            "model_name": model | {"num_key_value_heads": 1},
            "max_steps": 12,
            "max_length": 64,
            "output_dir": str(folder / "out"),
        }
    )
    shutil.copytree(trained.model_path, folder / "Qwen" / "Qwen3-0.6B")
    (folder / "train.jsonl").write_text("\n".join(f'{{"text": "word {n}"}}' for n in range(40)), encoding="utf-8")
    return folder


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_blocks_of_a_page_run(page: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is shown works as it stands."""
    monkeypatch.chdir(shutil.copytree(folder, tmp_path / "reader"))

    exec(compile(blocks_of(page), str(page), "exec"), {"__name__": page.stem})  # noqa: S102 - the pages are ours


def test_the_config_that_is_shown_is_one(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file on the page about configuration names what is there, and says what it would do."""
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    shown = re.search(r"^```yaml\n(use_verbose_logging.*?)^```", page, re.DOTALL | re.MULTILINE)
    monkeypatch.chdir(shutil.copytree(folder, tmp_path / "reader"))
    Path("config.yaml").write_text(shown[1] if shown else "", encoding="utf-8")

    assert 0 == main(["train", "config.yaml", "--dry-run"])
