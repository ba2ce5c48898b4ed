"""What one token costs a model in floating-point operations, read off its modules: `inspect_flops`."""

from verbose_logging.inspection.flops.model_costs import inspect_flops

__all__ = ["inspect_flops"]
