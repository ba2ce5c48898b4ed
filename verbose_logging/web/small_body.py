"""A bound on what a request may carry: a config is small, and memory is not for whoever sends more."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import HTTPException, Request, Response
from fastapi.routing import APIRoute
from starlette.types import Message

MOST_BYTES = 1 << 20


class SmallBodyRoute(APIRoute):
    """A route that answers 413 as soon as a body is larger than `MOST_BYTES`, whatever length was promised."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Returns the route's handler, its body counted while it arrives."""
        handle = super().get_route_handler()

        async def handle_counted(request: Request) -> Response:
            received = 0

            async def receive() -> Message:
                nonlocal received
                message = await request.receive()
                received += len(message.get("body", b""))
                if received > MOST_BYTES:
                    raise HTTPException(413, f"expected a body of at most {MOST_BYTES:,} bytes")
                return message

            return await handle(Request(request.scope, receive))

        return handle_counted
