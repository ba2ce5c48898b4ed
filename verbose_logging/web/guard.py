"""Who is answered: this machine by its own name, or whoever has the token."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Callable

from fastapi import HTTPException, Request

from verbose_logging.loopback import is_local


def guard(token: str | None) -> Callable[[Request], None]:
    """Returns a check that refuses a request with 401 or 403.

    Args:
        token: Asked of every request; without one, a request has to come from this machine and to name it, because a
            web page can make a browser ask for it under another name.

    Raises:
        ValueError: The token is empty.
    """
    if token is None:
        return _local_only
    if not token:
        raise ValueError("token: expected a text, got an empty one")

    def check(request: Request) -> None:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not secrets.compare_digest(given.encode(), token.encode()):
            raise HTTPException(401, "expected 'Authorization: Bearer TOKEN'", {"WWW-Authenticate": "Bearer"})

    return check


def _local_only(request: Request) -> None:
    if not is_local(request.headers.get("host", "")):
        raise HTTPException(403, "without a token only requests to 127.0.0.1 or localhost are answered")
    if request.client is not None and not _is_loopback(request.client.host):
        raise HTTPException(403, "without a token only this machine is answered")


def _is_loopback(host: str) -> bool:
    """Returns whether an address is this machine's own; a name, as a Unix socket or a test has it, is."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return True
