"""Facts gathered once, at the start of a run: the machine, the model, the data, the arguments. Secrets stay out.

What is returned is plain values. Nothing here raises for a strange object: what cannot be told is absent.
"""

from verbose_logging.inspection.dataset import inspect_dataset
from verbose_logging.inspection.flops import inspect_flops
from verbose_logging.inspection.folder import folder_size_bytes
from verbose_logging.inspection.model import inspect_model
from verbose_logging.inspection.redaction import redact, redact_argv, redact_text
from verbose_logging.inspection.system import inspect_system
from verbose_logging.inspection.training_args import inspect_training_args

__all__ = [
    "folder_size_bytes",
    "inspect_dataset",
    "inspect_flops",
    "inspect_model",
    "inspect_system",
    "inspect_training_args",
    "redact",
    "redact_argv",
    "redact_text",
]
