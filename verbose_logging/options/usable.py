"""Whether settings are usable as a whole: what the types of their fields cannot say, part by part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verbose_logging.options.checks import check_callable, check_file, check_list, check_parts, check_path
from verbose_logging.options.named_sinks import check_named_sinks
from verbose_logging.options.notify_addresses import check_addresses
from verbose_logging.options.phases import check_phases
from verbose_logging.protocols import Probe, Sink
from verbose_logging.rules import build_rules

if TYPE_CHECKING:
    from verbose_logging.settings import Settings


def check_settings(settings: Settings) -> None:
    """Checks what a type cannot say.

    Raises:
        SettingsError: A value is not usable; the text names its option.
        MissingExtraError: What an option asks for is not installed.
    """
    check_list("rules", settings.rules)
    build_rules(settings.alerts, settings.rules)
    for name in ("output_dir", "tensorboard_dir"):
        check_path(name, getattr(settings, name))
    for name in ("log_file", "standard_log_file"):
        check_file(name, getattr(settings, name))
    check_parts("sinks", settings.sinks, Sink, or_names=True)
    check_named_sinks(settings.sinks)
    check_addresses(settings.notify)
    check_callable("model_state", settings.model_state)
    check_phases(settings.phases)
    check_parts("probes", settings.probes, Probe)
