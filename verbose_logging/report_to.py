"""`report_to="verbose_logging"`: importing this module makes transformers know the name.

    import verbose_logging.report_to

    args = TrainingArguments(..., report_to="verbose_logging")

The options are those of the environment (`VERBOSE_LOGGING_LEVEL`, `VERBOSE_LOGGING_FILE`); every step is recorded,
whatever `logging_steps` says. `report_to="all"` never includes us.
"""

from __future__ import annotations

from verbose_logging.automatic import register

register()
