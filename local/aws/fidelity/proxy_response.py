"""What a function behind a proxy integration may answer.

`{statusCode, headers, multiValueHeaders, body, isBase64Encoded}`, each optional, nothing else;
anything that is not of this form is "Malformed Lambda proxy response": 502 (recorded). Some headers
are renamed to `x-amzn-Remapped-…` on the way out, WWW-Authenticate among them. Sources:
https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/lambda-proxy-binary-media.html
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from fidelity._ministack import Table, api_gateway
from fidelity.exchange import Answer, Exchange, GatewayError

_FIELDS = frozenset(("statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"))
_REMAPPED = frozenset(("connection", "content-length", "date", "server", "www-authenticate"))

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: 6 MB, buffered.
_MAX_PAYLOAD_BYTES = 6_291_556


def integration_error(status: int = 502) -> GatewayError:
    """The error of a function that failed or answered in the wrong form."""
    return GatewayError("DEFAULT_5XX", "Internal server error", status=status)


def parse_proxy_response(exchange: Exchange, payload: Any) -> Answer:
    """Turn what the function returned into the answer, or raise the error of a malformed one."""
    if not isinstance(payload, dict) or not payload.keys() <= _FIELDS:
        raise integration_error()
    if len(json.dumps(payload)) > _MAX_PAYLOAD_BYTES:
        raise integration_error()
    headers = _parse_headers(payload)
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.insert(0, ("Content-Type", "application/json"))
    return Answer(
        _parse_status(payload.get("statusCode", 200)),
        (*headers, *_added(exchange)),
        _parse_body(exchange, payload),
    )


def _added(exchange: Exchange) -> tuple[tuple[str, str], ...]:
    return (
        ("x-amzn-requestid", exchange.request_id),
        ("x-amz-apigw-id", exchange.extended_request_id),
        ("X-Amzn-Trace-Id", exchange.trace_id),
    )


def _parse_status(value: Any) -> int:
    try:
        status = int(value)
    except (TypeError, ValueError):
        raise integration_error() from None
    if not 100 <= status <= 599:
        raise integration_error()
    return status


def _parse_headers(payload: Table) -> list[tuple[str, str]]:
    """Both maps in one list; a pair in both is there once; forbidden names are renamed."""
    single, several = payload.get("headers") or {}, payload.get("multiValueHeaders") or {}
    if not isinstance(single, dict) or not isinstance(several, dict):
        raise integration_error()
    pairs = [
        (name, _header_value(value))
        for name, values in several.items()
        for value in (values if isinstance(values, list) else [values])
    ]
    known = {(name.lower(), value) for name, value in pairs}
    for name, value in single.items():
        text = _header_value(value)
        if (name.lower(), text) not in known:
            pairs.append((name, text))
    return [
        (f"x-amzn-Remapped-{name}" if name.lower() in _REMAPPED else name, value)
        for name, value in pairs
        if name.lower() != "transfer-encoding"
    ]


def _header_value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        raise integration_error()
    return value


def _parse_body(exchange: Exchange, payload: Table) -> bytes:
    """Base64 is decoded only when the first type in Accept is a binary media type of the API."""
    body = payload.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        raise integration_error()
    accepted = (exchange.wire.header("accept") or "").partition(",")[0]
    binary = api_gateway._media_type_matches(accepted, exchange.api.get("binaryMediaTypes") or [])
    if not payload.get("isBase64Encoded") or not binary:
        return body.encode()
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error:
        raise integration_error() from None
