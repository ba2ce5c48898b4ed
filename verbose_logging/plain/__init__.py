"""Any Python value as plain JSON values: `plain`, and what becomes of numbers on their way to the log."""

from verbose_logging.plain.nonfinite import nonfinite_name, split_nonfinite, without_nonfinite
from verbose_logging.plain.rounding import rounded
from verbose_logging.plain.walk import Limits, plain

__all__ = ["Limits", "nonfinite_name", "plain", "rounded", "split_nonfinite", "without_nonfinite"]
