"""One request to a stage and what becomes of it."""

from __future__ import annotations

import base64
import os
import time
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timezone
from urllib.parse import parse_qsl

from fidelity._ministack import Table
from fidelity.wire import WireFacts


class GatewayError(Exception):
    """An answer that the gateway makes itself, through the gateway response of its type."""

    def __init__(
        self,
        response_type: str,
        message: str | None,
        *,
        error_type: str | None = None,
        status: int | None = None,
        validation: str = "",
    ) -> None:
        super().__init__(response_type)
        self.response_type = response_type
        self.message = message
        self.error_type = error_type
        # Used when the gateway response of the type names no status of its own.
        self.status = status
        self.validation = validation


@dataclass(frozen=True)
class Answer:
    """What goes back to the client; a repeated header has several pairs."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def to_emulator(self) -> tuple[int, dict[str, list[str]], bytes]:
        """The triple that the emulator sends."""
        headers: dict[str, list[str]] = {}
        for name, value in self.headers:
            headers.setdefault(name, []).append(value)
        return self.status, headers, self.body


@dataclass
class Exchange:
    """A request, what routing and authorization found, and the variables met on the way."""

    wire: WireFacts
    api_id: str
    api: Table
    stage_name: str
    stage: Table
    method: str
    path: str
    body: bytes
    account_id: str
    region: str
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    extended_request_id: str = field(
        default_factory=lambda: base64.b64encode(os.urandom(10)).decode()
    )
    trace_id: str = field(default_factory=lambda: _trace_id())
    started: float = field(default_factory=time.monotonic)
    received_at: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    resource: Table = field(default_factory=dict)
    operation: Table = field(default_factory=dict)
    path_parameters: dict[str, str] = field(default_factory=dict)
    authorizer_context: dict[str, str] | None = None
    usage_identifier_key: str = ""
    # `$context` variables that some step established, named without "$context.".
    variables: dict[str, str] = field(default_factory=dict)
    error: GatewayError | None = None

    @property
    def resource_path(self) -> str:
        """The route, such as /jobs/{job}; empty when no route matched."""
        return str(self.resource.get("path", ""))

    @property
    def query(self) -> list[tuple[str, str]]:
        """The decoded query parameters in the order sent."""
        return parse_qsl(self.wire.raw_query, keep_blank_values=True)

    @property
    def elapsed_ms(self) -> int:
        """Whole milliseconds since the request arrived."""
        return round((time.monotonic() - self.started) * 1000)

    @property
    def request_time(self) -> str:
        """The time of arrival in the access log's notation."""
        return self.received_at.strftime("%d/%b/%Y:%H:%M:%S +0000")

    @property
    def request_time_epoch(self) -> int:
        """The time of arrival in milliseconds since 1970."""
        return int(self.received_at.timestamp() * 1000)


def _trace_id() -> str:
    return f"Root=1-{int(time.time()):08x}-{os.urandom(12).hex()}"
