"""One way down: a file imports only from its own layer's files and those before it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "verbose_logging"

WORDS = {"errors", "clock", "facts", "entries", "levels", "protocols"}
PURE = {
    "robust", "windows", "formatting", "plain", "guard", "hearing", "meters", "rules", "recorder",
    "settings", "options", "flops", "run_document", "console", "printable",
    "loopback", "log_parts", "testing",
}  # fmt: skip
EDGES = {
    "probes", "sampler", "machine_readings", "inspection", "sinks", "settling", "pipeline",
    "crash", "containment", "problems", "session",
}  # fmt: skip
DOORS = {
    "capture", "callback", "trainer_taps", "loop", "accelerate_tracker", "automatic", "report_to", "bootstrap",
    "training", "demo", "export_through_sinks",
}  # fmt: skip
READERS = {"reading", "data"}
CLI = {"cli", "__main__"}
WEB = {"web"}

MAY_IMPORT = {
    "words": WORDS,
    "pure": WORDS | PURE,
    "edges": WORDS | PURE | EDGES,
    "doors": WORDS | PURE | EDGES | DOORS | READERS,
    "readers": WORDS | PURE | READERS,
    "cli": WORDS | PURE | READERS | CLI,
    "web": WORDS | PURE | READERS | WEB,
}
LAYERS = {"words": WORDS, "pure": PURE, "edges": EDGES, "doors": DOORS, "readers": READERS, "cli": CLI, "web": WEB}
OPENS_DOORS = {"cli/train.py", "cli/plan_view.py", "cli/demo.py", "cli/export.py", "cli/run.py", "web/trainings.py"}

TRAINING = {
    "training/train.py", "training/arguments.py", "training/plan.py", "training/preparation.py",
    "training/tokenizing.py", "training/model_loading.py", "demo.py",
}  # fmt: skip
TRAINERS = {"trainer_taps/finding.py", "trainer_taps/instruments.py", "trainer_taps/taps.py"}
FOREIGN = {
    "transformers": {"callback.py", "automatic.py", "report_to.py", *TRAINERS, *TRAINING},
    "trl": TRAINING,
    "torch": {
        *TRAINING, "trainer_taps/gradient_norms.py", "trainer_taps/devices.py", "trainer_taps/batch_counts.py",
    },
}  # fmt: skip

FILES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))


def imports_of(file: str) -> set[str]:
    """Returns every module that a file imports, wherever the import stands."""
    found: set[str] = set()
    for node in ast.walk(ast.parse((PACKAGE / file).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def rooms_of(file: str) -> set[str]:
    """Returns the rooms of this package that a file imports from."""
    parts = [name.split(".") for name in imports_of(file) if name.startswith("verbose_logging.")]
    rooms = WORDS | PURE | EDGES | DOORS | READERS | CLI | WEB
    return {part[1] for part in parts if part[1] in rooms}


def room_of(file: str) -> str:
    """Returns the top-level module or folder that a file belongs to."""
    return file.split("/", maxsplit=1)[0].removesuffix(".py")


@pytest.mark.parametrize("file", [file for file in FILES if file != "__init__.py"])
def test_every_file_has_a_layer_and_imports_only_downwards(file: str) -> None:
    """An import that goes up, or a file that stands nowhere, fails here."""
    layer = next((name for name, rooms in LAYERS.items() if room_of(file) in rooms), None)
    assert layer is not None, f"{file} belongs to no layer"

    allowed = MAY_IMPORT[layer] | (DOORS if file in OPENS_DOORS else set())
    assert set() == rooms_of(file) - allowed


@pytest.mark.parametrize("library", sorted(FOREIGN))
def test_training_libraries_are_known_to_few_files(library: str) -> None:
    """Only the doors know the Trainer and torch; everything else works without them."""
    users = {file for file in FILES if any(name.split(".")[0] == library for name in imports_of(file))}

    assert set() == users - FOREIGN[library]
