"""Who may ask a server that listens on this machine only: a browser that is led astray carries a foreign name."""

from __future__ import annotations

LOOPBACK = "127.0.0.1"
_LOCAL_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})


def is_local(host: str) -> bool:
    """Returns whether a request's `Host` header names this machine, with or without a port.

    Example:
        >>> is_local("127.0.0.1:9464"), is_local("[::1]:8000"), is_local("evil.example")
        (True, True, False)
    """
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdigit() else host).lower() in _LOCAL_NAMES
