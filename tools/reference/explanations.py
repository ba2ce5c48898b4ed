"""What findings and metrics mean: what `diagnose --explain` prints, with the picture of each where there is one."""

from __future__ import annotations

from pathlib import Path

from verbose_logging.reading.explanations import sections

_PICTURES = Path(__file__).parents[2] / "docs" / "pictures"


def explained_findings() -> str:
    """Returns a section per rule."""
    return _explained("health.md")


def explained_metrics() -> str:
    """Returns a section per metric."""
    return _explained("metrics.md")


def _explained(file: str) -> str:
    return "\n\n".join(f"### `{name}`\n\n{text}{_picture(name)}" for name, text in sections(file).items())


def _picture(name: str) -> str:
    has_one = (_PICTURES / f"{name}.png").is_file()
    return f"\n\n![{name} in a real run](pictures/{name}.png)" if has_one else ""
