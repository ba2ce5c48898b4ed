"""The callback where nobody constructs it: asked for by a config, by `report_to`, or by `verbose-logging run`."""

from __future__ import annotations

from typing import Any

from transformers import TrainerControl, TrainerState, TrainingArguments
from transformers.integrations import integration_utils

from verbose_logging.callback import VerboseLoggingCallback, callback_from_settings
from verbose_logging.errors import SettingsError
from verbose_logging.options.config_file import Config, given_config
from verbose_logging.options.value_checks import misfit
from verbose_logging.settings import Settings
from verbose_logging.trainer_taps import find_trainer

NAME = "verbose_logging"


def callbacks_from_config(config: Config) -> list[VerboseLoggingCallback]:
    """Returns the callbacks that a training config asks for: one where `use_verbose_logging` is true, else none.

    Args:
        config: A config, or the YAML file that holds it; keys that are no options of ours are left alone.

    Raises:
        SettingsError: A value is not usable, or the file cannot be read.

    Example:
        >>> callbacks_from_config({"learning_rate": 2e-4})
        []
        >>> callbacks_from_config({"use_verbose_logging": True, "verbosity_level": "low"})[0].settings.verbosity_level
        'low'
    """
    values = given_config(config).values
    wanted = values.get("use_verbose_logging", False)
    wrong = misfit(wanted, bool)
    if wrong:
        raise SettingsError(f"use_verbose_logging: {wrong}")
    return [callback_from_settings(Settings.from_mapping(values))] if wanted else []


class AutomaticCallback(VerboseLoggingCallback):
    """A callback with the options of the environment, which stands aside where the script brings one of its own.

    Several automatic ones can meet, `report_to` under `verbose-logging run` for example: the first one records.
    """

    def on_init_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Watches over the Trainer, if it is this callback's to record."""
        if not self._stands_aside():
            super().on_init_end(args, state, control, **kwargs)

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Opens a recording, if the Trainer is this callback's to record."""
        if not self._stands_aside():
            super().on_train_begin(args, state, control, **kwargs)

    def _stands_aside(self) -> bool:
        trainer = find_trainer()
        handler = getattr(trainer, "callback_handler", None)
        ours = [part for part in getattr(handler, "callbacks", ()) if isinstance(part, VerboseLoggingCallback)]
        by_hand = [part for part in ours if not isinstance(part, AutomaticCallback)]
        return next(iter(by_hand or ours), self) is not self


def register() -> None:
    """Adds our name to those that `report_to` takes; again and again is once.

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
