"""Any Python value as plain JSON values: `plain`, and what becomes of numbers on their way to the log."""

from verbose_logging.plain.walk import Limits, plain, rounded, split_nonfinite

__all__ = ["Limits", "plain", "rounded", "split_nonfinite"]
