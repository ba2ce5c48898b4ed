"""A description put together from parts that may each fail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from verbose_logging.inspection.redaction import redact
from verbose_logging.plain import plain


def gather(readers: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
    """Returns what each reader knows, as plain values without secrets.

    A reader that raises, or that answers `None` or an empty container, is left out.

    Example:
        >>> gather({"cores": lambda: 2, "fans": lambda: None, "battery": lambda: 1 / 0})
        {'cores': 2}
    """
    answers = {name: redact(plain(_answer(reader))) for name, reader in readers.items()}
    return {name: answer for name, answer in answers.items() if answer not in (None, {}, [])}


def _answer(reader: Callable[[], Any]) -> Any:
    try:
        return reader()
    except Exception:  # noqa: BLE001 - foreign code; what it cannot tell is absent
        return None
