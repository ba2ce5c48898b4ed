"""What one has to read at once stays small: files and functions."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CODE = sorted(
    path for room in ("verbose_logging", "tools", "benchmarks", "examples") for path in (ROOT / room).rglob("*.py")
)
TESTS = sorted((ROOT / "tests").rglob("*.py"))
MOST_LINES = 300
MOST_LINES_OF_A_FUNCTION = 40  # without its docstring


def shown(path: Path) -> str:
    """Returns a path as it is known in the project."""
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", [*CODE, *TESTS], ids=shown)
def test_a_file_is_read_in_one_sitting(path: Path) -> None:
    """No file is longer than 300 lines."""
    assert MOST_LINES >= len(path.read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("path", CODE, ids=shown)
def test_a_function_fits_on_a_screen(path: Path) -> None:
    """No function's body is longer than 40 lines."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]

    assert [] == [function.name for function in functions if lines_of_body(function) > MOST_LINES_OF_A_FUNCTION]


def lines_of_body(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Returns how many lines a function's statements take, its docstring left out."""
    statements = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (statements[-1].end_lineno or 0) - statements[0].lineno + 1 if statements else 0
