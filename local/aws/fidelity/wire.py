"""What of a request the emulator forgets on the way in: spelling, repetition, encoding, peer.

API Gateway hands a function the header names as the client wrote them and the path as it came,
percent-encoding kept (both recorded), and `identity.sourceIp` is "the source IP address of the
immediate TCP connection", whatever X-Forwarded-For claims. Sources:
https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
Application = Callable[[Any, Receive, Send], Awaitable[None]]


@dataclass(frozen=True)
class WireFacts:
    """One request as it came over the wire."""

    raw_path: str
    raw_query: str
    headers: tuple[tuple[str, str], ...]
    peer: str
    protocol: str

    def header(self, name: str) -> str | None:
        """The last value of the header, or None when it was not sent."""
        values = [value for sent, value in self.headers if sent.lower() == name.lower()]
        return values[-1] if values else None


_current: ContextVar[WireFacts] = ContextVar("wire_facts")


def current_wire_facts() -> WireFacts:
    """The facts of the request that is being served."""
    return _current.get()


def with_wire_facts(application: Application) -> Application:
    """Wrap the emulator: keep each request's facts, and pass it on with lower-case names."""

    async def serve(scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            _current.set(_facts_of(scope))
            lowered = [(name.lower(), value) for name, value in scope["headers"]]
            scope = {**scope, "headers": lowered}
        await application(scope, receive, send)

    return serve


def _facts_of(scope: Any) -> WireFacts:
    return WireFacts(
        raw_path=scope["raw_path"].decode("latin-1"),
        raw_query=scope["query_string"].decode("latin-1"),
        headers=tuple((_text(name), _text(value)) for name, value in scope["headers"]),
        peer=(scope.get("client") or ("127.0.0.1", 0))[0],
        protocol=f"HTTP/{scope['http_version']}",
    )


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")
