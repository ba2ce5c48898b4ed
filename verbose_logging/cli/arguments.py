"""The arguments that several verbs share.

A file that may not be read is refused by the reader, in the system's words, and not by typer, whose words are about
usage.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

_RUN = "A log, a run JSON, or a folder with them; the newest log below here if left out."
_LOG = "A log, or a folder with logs; the newest log below here if left out."
_RUNS = "Logs, run JSONs or folders; the newest log below here if left out."

RunArgument: TypeAlias = Annotated[Path | None, typer.Argument(metavar="RUN", readable=False, help=_RUN)]
LogArgument: TypeAlias = Annotated[Path | None, typer.Argument(metavar="LOG", readable=False, help=_LOG)]
RunsArgument: TypeAlias = Annotated[list[Path] | None, typer.Argument(metavar="RUN", readable=False, help=_RUNS)]
SeveralRuns: TypeAlias = Annotated[
    list[Path],
    typer.Argument(metavar="RUN", readable=False, help="Logs, run JSONs or folders; the first is the baseline."),
]
