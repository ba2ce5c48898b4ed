"""`verbose-logging schema`: what a line of a log looks like."""

from __future__ import annotations

from verbose_logging.cli.output import print_json
from verbose_logging.reading.files.schema import log_schema


def schema() -> None:
    """Print the JSON Schema that every line of a log satisfies."""
    print_json(log_schema())
