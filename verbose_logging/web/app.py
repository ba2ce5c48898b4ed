"""A whole application around the router, for those who have none."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request, Response

from verbose_logging.web.router import create_router

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}


def create_app(log_dir: str | os.PathLike[str], token: str | None = None) -> FastAPI:
    """Returns an application that serves the runs below a folder.

    Args:
        log_dir: Where the logs lie, and where those of trainings that are started go.
        token: Asked of every request, as `Authorization: Bearer TOKEN`. Without one only this machine is answered, by
            the name of this machine.

    Example:
        >>> from fastapi.testclient import TestClient
        >>> client = TestClient(create_app(getfixture("tmp_path")), base_url="http://127.0.0.1")
        >>> client.get("/runs").json()
        []
    """
    app = FastAPI(title="verbose-logging", docs_url=None, redoc_url=None)
    app.include_router(create_router(log_dir, token=token))

    @app.middleware("http")
    async def harden(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await call_next(request)
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    return app
