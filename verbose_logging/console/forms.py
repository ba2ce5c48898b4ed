"""The table of the console's forms."""

from __future__ import annotations

from verbose_logging.console.alerts import Alerts
from verbose_logging.console.batches import Batches
from verbose_logging.console.ending import Ending
from verbose_logging.console.form import Form
from verbose_logging.console.milestones import Milestones
from verbose_logging.console.progress import Progress
from verbose_logging.console.steps import Steps
from verbose_logging.console.table import Table

_ALWAYS: tuple[type[Form], ...] = (Milestones, Alerts, Ending)

FORMS: dict[str, tuple[type[Form], ...]] = {
    "steps": (*_ALWAYS, Batches, Steps),
    "progress": (*_ALWAYS, Progress),
    "table": (*_ALWAYS, Table),
    "milestones": _ALWAYS,
    "off": (),
}
