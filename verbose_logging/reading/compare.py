"""Runs beside each other: their figures, what differs between them, and what may not be compared."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from verbose_logging.errors import LogError
from verbose_logging.reading.fields import group_at, known, value_at
from verbose_logging.reading.figures import FIGURES, Figure, step_count
from verbose_logging.reading.files.blocks import OnPosition, unheard
from verbose_logging.reading.runs.load import load_run
from verbose_logging.reading.runs.run import Run

_PLACES_NOT_CHOICES = frozenset({"output_dir", "logging_dir", "run_name", "log_file", "resume_from_checkpoint"})


def compare_runs(paths: Iterable[str | Path], *, on_position: OnPosition = unheard) -> dict[str, Any]:
    """Returns the figures of runs and what differs between them; the first run is the baseline.

    Args:
        paths: Logs, run JSONs or folders.
        on_position: Told now and then how many bytes of the file at hand have been read.

    Returns:
        `runs`: for each its `run_name`, `path`, `outcome`, `final_loss`, `best_val_loss`, `avg_mfu` and so on, `nan`
        for what is not known; `final_loss_nonfinite` says what a last loss was that is not finite. `differences`:
        `config`, for each option that differs its value in each run; `not_in_all`, the same for each that only some
        runs record, alike; `figures`, for each figure the percent by which each run differs from the baseline, the
        direction that is better and the run that is best; `notes`, sentences on what cannot be compared, and why.

    Raises:
        LogError: A file cannot be used, or there is none.

    Example:
        >>> folder = getfixture("tmp_path")
        >>> from verbose_logging import TrainingLogger
        >>> for name, loss in (("first", 2.0), ("second", 1.5)):
        ...     places = {"log_file": folder / f"{name}.jsonl", "output_dir": folder}
        ...     with TrainingLogger(name, console="off", **places) as logger:
        ...         logger.log_step(1, loss=loss)
        >>> found = compare_runs([folder / "first.jsonl", folder / "second.jsonl"])
        >>> found["differences"]["figures"]["final_loss"]
        {'better': 'lower', 'percent': [0.0, -25.0], 'best': 'second'}
    """
    runs = [load_run(path, on_position=on_position) for path in paths]
    if not runs:
        raise LogError("no run to compare")
    rows = [_row(run) for run in runs]
    notes, doubtful = _notes(runs)
    options = [options_of(run) for run in runs]
    return {
        "runs": rows,
        "differences": {
            "config": changed_options(options),
            "not_in_all": options_not_in_all(options),
            "figures": {figure.spec.name: _difference(figure, rows, doubtful) for figure in FIGURES},
            "notes": notes,
        },
    }


def _row(run: Run) -> dict[str, Any]:
    figures = {figure.spec.name: figure.of(run) for figure in FIGURES}
    final = max((step for step in run.steps["step"] if step is not None), default=run.summary.get("steps_done"))
    return {"run_name": run.name, "path": str(run.path), "outcome": run.summary.get("outcome")} | figures | {
        "final_loss_nonfinite": run.summary.get("last_loss_nonfinite"),
        "total_iterations": step_count(run),
        "final_iter": final,
    }  # fmt: skip


def options_of(run: Run) -> dict[str, Any]:
    """Returns what was chosen for a run, flat: training arguments and the model's configuration."""
    model = group_at(run.header, "model_info")
    chosen = known(model=model.get("name"), model_config=group_at(model, "config"))
    flat = _flat({**group_at(run.header, "training_args"), **chosen}, "")
    return {name: value for name, value in flat.items() if name not in _PLACES_NOT_CHOICES}


def _flat(value: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, item in value.items():
        found |= _flat(item, f"{prefix}{key}.") if isinstance(item, dict) else {f"{prefix}{key}": item}
    return found


def changed_options(options: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Returns the options of which two runs record different values, each with its values; `None` where a run has none.

    Example:
        >>> changed_options([{"lr": 1e-4, "seed": 1, "bf16": True}, {"lr": 2e-4, "seed": 1}])
        {'lr': [0.0001, 0.0002]}
    """
    return {name: [chosen.get(name) for chosen in options] for name in _names(options) if not _agree(name, options)}


def options_not_in_all(options: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Returns the options that only some runs record, and those alike; `None` where a run has none.

    Example:
        >>> options_not_in_all([{"lr": 1e-4, "seed": 1, "bf16": True}, {"lr": 2e-4, "seed": 1}])
        {'bf16': [True, None]}
    """
    said = [{name: value for name, value in chosen.items() if value is not None} for chosen in options]
    partly = [name for name in _names(said) if not all(name in chosen for chosen in options)]
    return {name: [chosen.get(name) for chosen in options] for name in partly if _agree(name, options)}


def _names(options: Sequence[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for chosen in options for name in chosen))


def _agree(name: str, options: Sequence[Mapping[str, Any]]) -> bool:
    """Returns whether the runs that record an option record the same value."""
    recorded = [chosen[name] for chosen in options if name in chosen]
    return all(value == recorded[0] for value in recorded)


def _difference(figure: Figure, rows: Sequence[Mapping[str, Any]], doubtful: Iterable[str]) -> dict[str, Any]:
    """Returns how a figure differs from the baseline's; nobody is best where the runs cannot be compared by it."""
    values = [float(row[figure.spec.name]) for row in rows]
    better = figure.spec.better if figure.spec.name not in doubtful else None
    finite = [value for value in values if math.isfinite(value)]
    best = (min if better == "lower" else max)(finite) if better and len(finite) > 1 else None
    return {
        "better": better,
        "percent": [percent_change(values[0], value) for value in values],
        "best": None if best is None else rows[values.index(best)]["run_name"],
    }


def percent_change(baseline: float, value: float) -> float | None:
    """Returns by how many percent a value differs, `None` where that means nothing.

    Example:
        >>> percent_change(2.0, 1.5), percent_change(0.0, 1.0)
        (-25.0, None)
    """
    is_known = math.isfinite(baseline) and math.isfinite(value) and baseline != 0
    return 100 * (value - baseline) / abs(baseline) if is_known else None


def _notes(runs: Sequence[Run]) -> tuple[list[str], set[str]]:
    """Returns what cannot be compared, in sentences, and the names of the figures that this concerns."""
    notes: list[str] = []
    doubtful: set[str] = set()
    for what, names, of in _CONDITIONS:
        values = [of(run) for run in runs]
        known = [value for value in values if value is not None]
        if any(value != known[0] for value in known):
            notes.append(f"{what}: {', '.join(_text(value) for value in values)}")
            doubtful |= names
    return notes, doubtful


def _text(value: Any) -> str:
    return "unknown" if value is None else f"{value:,}" if isinstance(value, int) else str(value)


def _evaluation_size(run: Run) -> Any:
    info = group_at(run.header, "dataset_info", "eval")
    return info.get("size") or (str(info) if info else None)


def _tokens_seen(run: Run) -> Any:
    counts = [count for count in run.steps.get("num_tokens")[-1:] if isinstance(count, int)]
    return counts[-1] if counts else None


_LOSSES = frozenset({"final_loss", "best_loss", "best_val_loss"})
_TIMES = frozenset({"avg_time_ms", "median_time_ms", "tokens_per_second", "duration_seconds"})
_CONDITIONS: tuple[tuple[str, frozenset[str], Callable[[Run], Any]], ...] = (
    ("evaluation losses are of different data (samples)", frozenset({"best_val_loss"}), _evaluation_size),
    (
        "losses are over different vocabularies",
        _LOSSES,
        lambda run: value_at(run.header, "model_info", "config", "vocab_size"),
    ),
    ("step times are of different numbers of processes", _TIMES, lambda run: run.header.get("world_size")),
    (
        "step times are of different batch sizes",
        frozenset({"avg_time_ms", "median_time_ms"}),
        lambda run: value_at(run.header, "training_args", "per_device_train_batch_size"),
    ),
    ("the last losses come after different numbers of tokens", frozenset({"final_loss"}), _tokens_seen),
    ("durations are of different numbers of steps", frozenset({"duration_seconds"}), step_count),
)
