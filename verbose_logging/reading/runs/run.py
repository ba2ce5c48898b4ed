"""A run as an object: what was recorded of it, ready to be asked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from verbose_logging.errors import MissingExtraError
from verbose_logging.reading.files.problems import Problem
from verbose_logging.reading.runs.readings import read_resources
from verbose_logging.reading.runs.steps import Steps

if TYPE_CHECKING:
    import pandas as pd


class Run(NamedTuple):
    """One run of a log, or of a run JSON.

    Args:
        path: The file.
        run_id: The run, `None` where the file names none.
        header: What was known at the start: system_info, training_args, model_info, dataset_info, settings,
            total_steps and so on, as far as the file has it.
        steps: A table of the optimizer steps; after a resume the newer ones.
        evaluations: For each evaluation its step, epoch, timestamp, duration_seconds and metrics.
        checkpoints: For each checkpoint its step, epoch, timestamp, path, size_mb and metrics.
        alerts: The findings, as they were logged.
        summary: The run in brief, as `verbose-logging show --json` prints it.
        problems: The lines that were skipped or are odd.
    """

    path: Path
    run_id: str | None
    header: dict[str, Any]
    steps: Steps
    evaluations: list[dict[str, Any]]
    checkpoints: list[dict[str, Any]]
    alerts: list[dict[str, Any]]
    summary: dict[str, Any]
    problems: list[Problem]

    @property
    def name(self) -> str:
        """What people call the run: its own name, else its id, else the file's."""
        named = self.header.get("run_name") or (self.header.get("settings") or {}).get("run_name")
        return str(named or self.run_id or self.path.stem)

    @property
    def resources(self) -> list[dict[str, Any]]:
        """The readings of the machine, each once, flat: `sampled_at`, `memory.usage_percent` and so on.

        Read from the file at every call; empty for a run JSON, which has none.
        """
        return read_resources(self.path, self.run_id)

    def to_pandas(self) -> pd.DataFrame:
        """Returns the steps as a DataFrame, a row for each, with every column that has a value anywhere.

        Raises:
            MissingExtraError: pandas is not installed.
        """
        try:
            import pandas as pd  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise MissingExtraError("to_pandas", "plot") from error
        return pd.DataFrame({name: self.steps[name] for name in self.steps.columns})
