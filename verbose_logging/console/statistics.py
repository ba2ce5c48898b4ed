"""The figures of a whole session as a table: each row a function from the end entry to its text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from verbose_logging.console.figures import number
from verbose_logging.entries import EndBase
from verbose_logging.formatting import decimal, percent, rate, short_duration, thousands

Text: TypeAlias = Callable[[EndBase], str]


def _figure(entry: EndBase, name: str, show: Callable[[float | None], str], text: str) -> str:
    """Returns a figure within a text that has `{}` for it; "" where it is not known."""
    marked = (entry.nonfinite or {}).get(f"statistics.{name}")
    value = number(entry.statistics.get(name))
    return "" if marked is None and value is None else text.format(marked or show(value))


def _steps(entry: EndBase) -> str:
    return _figure(entry, "current_step", thousands, "{}") + _figure(entry, "total_steps", thousands, " of {}")


def _loss(entry: EndBase) -> str:
    return _joined(
        _figure(entry, "final_loss", decimal, "{}"),
        _figure(entry, "smoothed_loss", decimal, "smoothed {}"),
        _figure(entry, "best_loss", decimal, "best {}"),
    )


def _evaluation(entry: EndBase) -> str:
    finals = [name for name in entry.statistics if name.startswith("final_") and name.endswith("_loss")]
    names = [name.removeprefix("final_") for name in finals if name != "final_loss"]
    losses = (
        _joined(
            _figure(entry, f"final_{name}", decimal, "{}" if len(names) == 1 else f"{name} {{}}"),
            _figure(entry, f"best_{name}", decimal, "best {}"),
        )
        for name in names
    )
    return "; ".join(filter(None, losses))


def _step_time(entry: EndBase) -> str:
    return _joined(
        _figure(entry, "avg_step_time_seconds", short_duration, "mean {}"),
        _figure(entry, "median_step_time_seconds", short_duration, "median {}"),
        _figure(entry, "p95_step_time_seconds", short_duration, "95 % within {}"),
    )


def _throughput(entry: EndBase) -> str:
    return _joined(
        _figure(entry, "steps_per_second", rate, "{} steps/s"),
        _figure(entry, "tokens_per_second", thousands, "{} tokens/s"),
        _figure(entry, "tflops_per_second", lambda value: f"{value:.4g}", "{} TFLOP/s"),
        _figure(entry, "mfu_percent", percent, "MFU {}"),
    )


def _tokens(entry: EndBase) -> str:
    return _figure(entry, "num_tokens", thousands, "{}")


def _count(name: str) -> Text:
    return lambda entry: _figure(entry, name, thousands, "{}") if entry.statistics.get(name) else ""


def _joined(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


_ROWS: dict[str, Text] = {
    "steps": _steps,
    "loss": _loss,
    "evaluation loss": _evaluation,
    "step time": _step_time,
    "throughput": _throughput,
    "tokens": _tokens,
    "evaluations": _count("evaluations"),
    "checkpoints": _count("checkpoints"),
}


def statistics(entry: EndBase) -> Iterator[tuple[str, str]]:
    """Yields name and text of each figure that is known."""
    yield from ((name, text) for name, show in _ROWS.items() if (text := show(entry)))
