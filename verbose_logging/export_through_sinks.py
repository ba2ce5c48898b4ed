"""What a live run leaves elsewhere, left later: the entries of a log go to the same sinks once more."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from types import SimpleNamespace

from verbose_logging.errors import MissingExtraError
from verbose_logging.protocols import Sink
from verbose_logging.reading.runs.run import Run
from verbose_logging.reading.runs.typed import typed_entries
from verbose_logging.run_document import RunDocument
from verbose_logging.run_document.layout import written
from verbose_logging.sinks.files.whole_file import replace_file
from verbose_logging.sinks.tensorboard import TensorboardSink
from verbose_logging.sinks.wandb import WandbSink


def to_json(run: Run, target: Path) -> None:
    """Writes the run JSON that the run has left, or would have left, in its output folder.

    Raises:
        OSError: The file cannot be written.
    """
    document = RunDocument()
    for entry in typed_entries(run):
        document.take(entry)
    replace_file(target.absolute(), written(document, target.stem))


def to_tensorboard(run: Run, target: Path) -> None:
    """Writes an event file below a folder.

    Raises:
        MissingExtraError: tensorboardX is not installed.
        OSError: The folder cannot be written to.
    """
    try:
        from tensorboardX import SummaryWriter  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise MissingExtraError("export --to tensorboard", "tensorboard") from error
    target.mkdir(parents=True, exist_ok=True)
    _replay(run, TensorboardSink(target, run_name=run.name, make_writer=SummaryWriter))


def to_wandb(run: Run, target: Path) -> None:
    """Writes an offline run of W&B below a folder; `wandb sync` takes it from there.

    Raises:
        MissingExtraError: wandb is not installed.
        OSError: The folder cannot be written to.
    """
    try:
        import wandb  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise MissingExtraError("export --to wandb", "wandb") from error
    target.mkdir(parents=True, exist_ok=True)
    offline = partial(wandb.init, mode="offline", dir=str(target))
    library = SimpleNamespace(run=None, Settings=wandb.Settings, init=offline)  # whatever the environment asks for
    _replay(run, WandbSink(library, run_name=run.name))


def _replay(run: Run, sink: Sink) -> None:
    for entry in typed_entries(run):
        sink.write([entry])
    sink.close()
