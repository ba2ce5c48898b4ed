"""`report_to="verbose_logging"`: importing this module makes transformers know the name.

    import verbose_logging.report_to

    args = TrainingArguments(..., report_to="verbose_logging")

The options are those of the environment (`VERBOSE_LOGGING_LEVEL`, `VERBOSE_LOGGING_FILE`); every step is recorded,
whatever `logging_steps` says. `report_to="all"` never includes us.
"""

from __future__ import annotations

from transformers.integrations import integration_utils

from verbose_logging.automatic import AutomaticCallback
from verbose_logging.errors import SettingsError

NAME = "verbose_logging"


def register() -> None:
    """Adds the name to those that `report_to` takes; again and again is once.

    Raises:
        SettingsError: The installed transformers keeps them in another way.
    """
    known = getattr(integration_utils, "INTEGRATION_TO_CALLBACK", None)
    if not isinstance(known, dict):
        raise SettingsError(
            f"report_to: this version of transformers takes no new name; give callbacks=[VerboseLoggingCallback()] "
            f"in place of report_to={NAME!r}"
        )
    known[NAME] = AutomaticCallback


register()
