"""A small HTTP server on this machine only, on a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import Any, TypeAlias
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from verbose_logging.loopback import LOOPBACK, is_local

App: TypeAlias = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class MetricsServer(ThreadingMixIn, WSGIServer):
    """Answers each request on a thread of its own, which no exit waits for."""

    daemon_threads = True


class _QuietHandler(WSGIRequestHandler):
    timeout = 10.0

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Prints nothing."""


def serve(app: App, port: int) -> MetricsServer:
    """Returns a server that answers by now; `shutdown()` and `server_close()` end it.

    Args:
        app: A WSGI application; requests that name another machine never reach it.
        port: Where to listen; 0 for any free port.

    Raises:
        OSError: The port is taken.
    """
    try:
        server = make_server(LOOPBACK, port, _local_only(app), MetricsServer, _QuietHandler)
    except OSError as error:
        raise OSError(error.errno, f"port {port}: {error.strerror}; prometheus_port= names another") from None
    threading.Thread(target=server.serve_forever, name="verbose-logging-metrics-server", daemon=True).start()
    return server


def _local_only(app: App) -> App:
    def guarded(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if not is_local(environ.get("HTTP_HOST", "")):
            start_response("403 Forbidden", [("Content-Type", "text/plain")])
            return [b"this server answers its own machine only\n"]
        return app(environ, start_response)

    return guarded
