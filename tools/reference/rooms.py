"""Where things are in the package: each room and each file beside them, with what its own docstring says first."""

from __future__ import annotations

import ast
from pathlib import Path

from tools.reference.markdown import table

PACKAGE = Path(__file__).parents[2] / "verbose_logging"


def rooms() -> str:
    """Returns the table of the package's folders, and that of the files that stand beside them."""
    folders = [path for path in sorted(PACKAGE.iterdir()) if (path / "__init__.py").is_file()]
    files = [path for path in sorted(PACKAGE.glob("*.py")) if not path.name.startswith("__")]
    of_folders = table(
        ("room", "what is in it"), [(f"`{path.name}/`", _purpose(path / "__init__.py")) for path in folders]
    )
    return f"{of_folders}\n\n{table(('file', 'what it is'), [(f'`{path.name}`', _purpose(path)) for path in files])}"


def _purpose(file: Path) -> str:
    """Returns the first sentence or two of a module: the first paragraph of its docstring."""
    told = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return told.partition("\n\n")[0]
