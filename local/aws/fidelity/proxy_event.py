"""The event that a function behind a proxy integration, or a REQUEST authorizer, receives.

Recorded on AWS: header names keep the client's spelling; `path` and `pathParameters` keep their
percent-encoding, only a trailing slash is dropped from a greedy parameter; query parameters are
decoded ("+" is a space) and the single-value map has the last value; absent maps are null; some
hop-by-hop headers never arrive. Source: https://docs.aws.amazon.com/apigateway/latest/
developerguide/set-up-lambda-proxy-integrations.html#api-gateway-simple-proxy-for-lambda-input-format
"""

from __future__ import annotations

import base64

from fidelity._ministack import Table, api_gateway
from fidelity.exchange import Exchange

# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html
_DROPPED = frozenset(
    (
        "connection",
        "content-length",
        "content-md5",
        "expect",
        "max-forwards",
        "proxy-authenticate",
        "server",
        "te",
        "transfer-encoding",
        "trailer",
        "upgrade",
        "www-authenticate",
    )
)
_CAPITALIZED = {"authorization": "Authorization", "user-agent": "User-Agent", "host": "Host"}
_NOBODY = (
    "accessKey",
    "accountId",
    "caller",
    "cognitoAuthenticationProvider",
    "cognitoAuthenticationType",
    "cognitoIdentityId",
    "cognitoIdentityPoolId",
    "principalOrgId",
    "user",
    "userArn",
)


def proxy_event(exchange: Exchange) -> Table:
    """The event for the integration: the request, its body, and the authorizer's context."""
    event = request_event(exchange)
    body, encoded = _body(exchange)
    if exchange.authorizer_context is not None:
        event["requestContext"]["authorizer"] = exchange.authorizer_context
    return {**event, "body": body, "isBase64Encoded": encoded}


def request_event(exchange: Exchange) -> Table:
    """What the events for integrations and authorizers have in common."""
    headers = _multiple(_forwarded_headers(exchange))
    query = _multiple(exchange.query)
    return {
        "resource": exchange.resource_path,
        "path": exchange.path,
        "httpMethod": exchange.method,
        "headers": _last(headers),
        "multiValueHeaders": headers,
        "queryStringParameters": _last(query) or None,
        "multiValueQueryStringParameters": query or None,
        "pathParameters": exchange.path_parameters or None,
        "stageVariables": exchange.stage.get("variables") or None,
        "requestContext": _request_context(exchange),
    }


def _request_context(exchange: Exchange) -> Table:
    host = (exchange.wire.header("host") or "").split(":")[0]
    return {
        "resourceId": exchange.resource.get("id"),
        "resourcePath": exchange.resource_path,
        "httpMethod": exchange.method,
        "extendedRequestId": exchange.extended_request_id,
        "requestTime": exchange.request_time,
        "path": f"/{exchange.stage_name}{exchange.path}",
        "accountId": exchange.account_id,
        "protocol": exchange.wire.protocol,
        "stage": exchange.stage_name,
        "domainPrefix": host.split(".")[0],
        "requestTimeEpoch": exchange.request_time_epoch,
        "requestId": exchange.request_id,
        "identity": _identity(exchange),
        "domainName": host,
        "deploymentId": exchange.stage.get("deploymentId"),
        "apiId": exchange.api_id,
    }


def _identity(exchange: Exchange) -> Table:
    identity: Table = dict.fromkeys(_NOBODY)
    identity["sourceIp"] = exchange.wire.peer
    identity["userAgent"] = exchange.wire.header("user-agent")
    for name in ("apiKey", "apiKeyId"):
        if f"identity.{name}" in exchange.variables:
            identity[name] = exchange.variables[f"identity.{name}"]
    return identity


def _forwarded_headers(exchange: Exchange) -> list[tuple[str, str]]:
    """The client's headers less the hop-by-hop ones, and what the gateway adds."""
    added = ("x-forwarded-for", "x-forwarded-port", "x-forwarded-proto", "x-amzn-trace-id")
    kept = [
        (_CAPITALIZED.get(name.lower(), name), value)
        for name, value in exchange.wire.headers
        if name.lower() not in _DROPPED and name.lower() not in added
    ]
    claimed = exchange.wire.header("x-forwarded-for")
    chain = f"{claimed}, {exchange.wire.peer}" if claimed else exchange.wire.peer
    return [
        *kept,
        ("X-Amzn-Trace-Id", exchange.trace_id),
        ("X-Forwarded-For", chain),
        ("X-Forwarded-Port", "443"),
        ("X-Forwarded-Proto", "https"),
    ]


def _multiple(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    collected: dict[str, list[str]] = {}
    for name, value in pairs:
        collected.setdefault(name, []).append(value)
    return collected


def _last(values: dict[str, list[str]]) -> dict[str, str]:
    return {name: several[-1] for name, several in values.items()}


def _body(exchange: Exchange) -> tuple[str | None, bool]:
    """Text as UTF-8; a body of a binary media type as base64; no body as null."""
    if not exchange.body:
        return None, False
    media_type = exchange.wire.header("content-type")
    binary = exchange.api.get("binaryMediaTypes") or []
    if api_gateway._media_type_matches(media_type, binary):
        return base64.b64encode(exchange.body).decode(), True
    return exchange.body.decode("utf-8", errors="replace"), False
