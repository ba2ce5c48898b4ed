"""What findings and metrics mean: what `diagnose --explain` prints, with the picture of each where there is one."""

from __future__ import annotations

from pathlib import Path

from verbose_logging.reading.explanations import sections

_PICTURES = Path(__file__).parents[2] / "docs" / "images"
_CAPTIONS = {  # what a reader has to know of a run beside what its picture shows
    "nothing_trainable": "a frozen model whose inputs ask for a gradient, so that its backward pass does not fail.",
    "zero_loss": "the outputs are compared with themselves.",
    "nonfinite_gradient": "from step 30 on a square root of 0 is added; the update of that step spoils the next loss.",
    "bouncing_loss": "a logistic regression on all of its samples at once, without noise.",
    "evaluation_dominates": "the run stands still while it evaluates.",
    "high_memory": "the limit of this run was set six points above what was taken at its start; it keeps 30 MB a step.",
    "disk_filling": "the limit of this run was set 1 GB below what was free at its start; it writes 10 MB a step.",
    "stalled": "step 61 sleeps for 100 seconds.",
    "mfu_percent": "a tiny model on a CPU, with `peak_flops=1e11` stated.",
}


def explained_findings() -> str:
    """Returns a section per rule."""
    return _explained("health.md")


def explained_metrics() -> str:
    """Returns a section per metric."""
    return _explained("metrics.md")


def _explained(file: str) -> str:
    return "\n\n".join(f"### `{name}`\n\n{text}{_picture(name)}" for name, text in sections(file).items())


def _picture(name: str) -> str:
    if not (_PICTURES / f"{name}.png").is_file():
        return ""
    caption = f"\n\nIn the picture: {_CAPTIONS[name]}" if name in _CAPTIONS else ""
    return f"\n\n![{name} in a real run](images/{name}.png){caption}"
