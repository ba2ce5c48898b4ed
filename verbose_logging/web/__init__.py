"""Runs over HTTP, for an application of your own or as one: list them, read them, follow them live, start and stop one.

    from verbose_logging.web import create_app

    app = create_app("runs")  # uvicorn module:app --host 127.0.0.1

The router reads log files and knows nothing of the recorder; a training that it starts is a process of its own.
"""

from __future__ import annotations

from verbose_logging.errors import MissingExtraError

try:
    import fastapi as _fastapi  # noqa: F401 - only to tell what is missing
except ModuleNotFoundError as error:
    raise MissingExtraError("verbose_logging.web", "web") from error

from verbose_logging.web.app import create_app
from verbose_logging.web.router import create_router

__all__ = ["create_app", "create_router"]
