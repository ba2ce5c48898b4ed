"""The rows of a run document: what one looks like, and how a million of them wait in little memory."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from verbose_logging.entries import EvaluationComplete, ModelCheckpointSave, ProgressReport, TrainingStepComplete

UNKNOWN_MFU = -100.0  # as nanoGPT writes it
_BLOCK_BYTES = 1 << 18
_FASTEST = 1
_DIGITS = ".9g"  # what a float32 can hold

_PLACES = {"loss": "metrics.loss", "grad_norm": "metrics.grad_norm"}  # of the numbers that may not be finite

_encode = msgspec.json.Encoder().encode


class StepRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An optimizer step.

    Args:
        iter: The step.
        loss: `None` where it is not known or not finite.
        time_ms: The step's time in milliseconds.
        mfu: In percent; -100.0 where it is not known.
        lr: The learning rate of the step.
        grad_norm: Before clipping.
        nonfinite: "NaN", "Infinity" or "-Infinity" by the name of each number that is not finite.
    """

    iter: int
    loss: float | None
    time_ms: float | None
    mfu: float
    lr: float | None = None
    grad_norm: float | None = None
    nonfinite: dict[str, str] | None = None


class EvaluationRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An evaluation: the latest training loss beside the evaluation's own.

    Args:
        iter: Steps done by then.
        train_loss: What the evaluation measured on training data, else the loss of the latest step.
        val_loss: The evaluation loss.
        lr: The learning rate of the latest step.
        timestamp: ISO 8601.
        metric: The name of `val_loss` among the metrics, where it is not `eval_loss`.
    """

    iter: int
    train_loss: float | None
    val_loss: float | None
    lr: float | None
    timestamp: str
    metric: str | None = None


class CheckpointRow(msgspec.Struct, frozen=True, kw_only=True):
    """A checkpoint; `val_loss` is `None` where the step was not evaluated."""

    iter: int
    val_loss: float | None
    path: str
    timestamp: str


def step_row(entry: TrainingStepComplete | ProgressReport) -> StepRow:
    """Returns the row of a finished step; the numbers keep nine digits."""
    metrics, seconds = entry.metrics, number(entry.timing.get("step_time_seconds"))
    mfu = number(metrics.get("mfu_percent"))
    return StepRow(
        iter=entry.step,
        loss=_short(metrics.get("loss")),
        time_ms=None if seconds is None else round(1000 * seconds, 3),
        mfu=UNKNOWN_MFU if mfu is None else round(mfu, 4),
        lr=_short(metrics.get("learning_rate")),
        grad_norm=_short(metrics.get("grad_norm")),
        nonfinite=_marks(entry.nonfinite) if entry.nonfinite else None,
    )


def evaluation_row(entry: EvaluationComplete, latest: StepRow | None) -> EvaluationRow:
    """Returns the row of an evaluation; what it does not say itself is the latest step's."""
    name = validation_metric(entry.metrics)
    measured = number(entry.metrics.get("eval_train_loss", entry.metrics.get("train_loss")))
    train_loss = measured if measured is not None or latest is None else latest.loss
    rate = number(entry.metrics.get("learning_rate", entry.metrics.get("lr")))
    return EvaluationRow(
        iter=entry.step,
        train_loss=_short(train_loss),
        val_loss=None if name is None else _short(entry.metrics[name]),
        lr=_short(rate) if rate is not None or latest is None else latest.lr,
        timestamp=entry.timestamp,
        metric=None if name == "eval_loss" else name,
    )


def checkpoint_row(entry: ModelCheckpointSave) -> CheckpointRow:
    """Returns the row of a checkpoint."""
    name = validation_metric(entry.metrics)
    loss = None if name is None else _short(entry.metrics[name])
    return CheckpointRow(iter=entry.step, val_loss=loss, path=entry.path, timestamp=entry.timestamp)


def validation_metric(metrics: Mapping[str, Any]) -> str | None:
    """Returns the name of the evaluation's loss: `eval_loss` as the Trainer names it, or what comes closest.

    Example:
        >>> validation_metric({"train_loss": 2.0, "val_loss": 2.5}), validation_metric({"eval_accuracy": 0.5})
        ('val_loss', None)
    """
    usual = [name for name in ("eval_loss", "val_loss", "loss") if name in metrics]
    others = [name for name in metrics if name.endswith("_loss") and name not in {"train_loss", "eval_train_loss"}]
    return next(iter([*usual, *others]), None)


def number(value: Any) -> float | None:
    """Returns the value if it is a number."""
    if type(value) is float:  # as nearly all are; the rest of the question costs four times as much
        return value
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _short(value: Any) -> float | None:
    known = number(value)
    return None if known is None else float(format(known, _DIGITS))


def _marks(nonfinite: Mapping[str, str]) -> dict[str, str] | None:
    return {name: nonfinite[place] for name, place in _PLACES.items() if place in nonfinite} or None


class PackedRows:
    """Rows as JSON, encoded once and kept compressed: about 35 bytes for a step.

    Example:
        >>> rows = PackedRows()
        >>> rows.append(CheckpointRow(iter=1, val_loss=None, path="a", timestamp="t"))
        >>> len(rows), list(rows)
        (1, [b'{"iter":1,"val_loss":null,"path":"a","timestamp":"t"}'])
    """

    def __init__(self) -> None:
        self._blocks: list[bytes] = []
        self._open = bytearray()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def append(self, row: msgspec.Struct) -> None:
        """Adds a row."""
        self.append_encoded(_encode(row))

    def append_encoded(self, row: bytes) -> None:
        """Adds a row that is JSON already."""
        self._count += 1
        self._open += row + b"\n"
        if len(self._open) >= _BLOCK_BYTES:
            self._blocks.append(zlib.compress(self._open, _FASTEST))
            self._open = bytearray()

    def blocks(self) -> Iterator[bytes]:
        """Yields the rows, many at a time, each with a newline behind it."""
        yield from map(zlib.decompress, self._blocks)
        if self._open:
            yield bytes(self._open)

    def __iter__(self) -> Iterator[bytes]:
        for block in self.blocks():
            yield from block.splitlines()
