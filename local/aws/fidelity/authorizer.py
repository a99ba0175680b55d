"""Lambda authorizers of REST APIs.

- A missing or empty identity source is 401 without calling the function ("Only when this is true
  does the authorizer invoke the authorizer Lambda function").
- The function throws "Unauthorized": 401; anything else: 500 AUTHORIZER_FAILURE.
- An output without a policy, or with a list or object in `context`: 500
  AUTHORIZER_CONFIGURATION_ERROR.
- The policy is judged for each request's own method ARN, cached or not; an explicit or implicit
  deny is 403 ACCESS_DENIED.
- `usageIdentifierKey` is the caller's API key where the API says apiKeySource AUTHORIZER.

Sources: https://docs.aws.amazon.com/apigateway/latest/developerguide/ pages
apigateway-use-lambda-authorizer, api-gateway-lambda-authorizer-output and
https://docs.aws.amazon.com/apigateway/latest/api/API_CreateAuthorizer.html (identitySource).
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Any

from fidelity._ministack import Table, api_gateway
from fidelity.exchange import Exchange, GatewayError
from fidelity.proxy_event import request_event

_HEADER = "method.request.header."
_MISCONFIGURED = "AUTHORIZER_CONFIGURATION_ERROR"
_CACHE_LIMIT = 1024


@dataclass(frozen=True)
class _Output:
    """What the function returned, apart from any one request."""

    policy: Table
    context: dict[str, str]
    usage_identifier_key: str


_cache: dict[tuple[object, ...], tuple[float, _Output]] = {}


async def authorize(exchange: Exchange) -> None:
    """Let the method's authorizer judge the exchange; raise the GatewayError of a refusal."""
    authorizer = api_gateway._authorizers_v1.get(exchange.api_id, {}).get(
        exchange.operation.get("authorizerId")
    )
    if not authorizer:
        raise GatewayError(_MISCONFIGURED, "Internal server error")
    identity = _identity(exchange, authorizer)
    began = time.monotonic()
    try:
        output = await _output(exchange, authorizer, identity)
        _judge(exchange, output)
    except GatewayError as error:
        _record(exchange, began, _STATUS.get(error.response_type, "500"), error.message)
        raise
    _record(exchange, began, "200", None)


_STATUS = {"UNAUTHORIZED": "401", "ACCESS_DENIED": "403"}


def _record(exchange: Exchange, began: float, status: str, error: str | None) -> None:
    exchange.variables["authorizer.latency"] = str(round((time.monotonic() - began) * 1000))
    exchange.variables["authorizer.status"] = status
    if error:
        exchange.variables["authorizer.error"] = error


def _identity(exchange: Exchange, authorizer: Table) -> tuple[str, ...]:
    """The values of all identity sources, which also key the cache."""
    sources = authorizer.get("identitySource") or ""
    if _is_token(authorizer):
        sources = sources or f"{_HEADER}Authorization"
    values = tuple(
        _source_value(exchange, source.strip()) for source in sources.split(",") if source.strip()
    )
    if not all(values):
        raise GatewayError("UNAUTHORIZED", "Unauthorized")
    pattern = authorizer.get("identityValidationExpression")
    if _is_token(authorizer) and pattern and not re.fullmatch(pattern, values[0]):
        raise GatewayError("UNAUTHORIZED", "Unauthorized")
    return values


def _is_token(authorizer: Table) -> bool:
    return str(authorizer.get("type") or "TOKEN").upper() == "TOKEN"


def _source_value(exchange: Exchange, source: str) -> str:
    place, _, name = source.removeprefix("method.request.").partition(".")
    if place == "header":
        return exchange.wire.header(name) or ""
    if place == "querystring":
        return dict(exchange.query).get(name, "")
    if place == "stageVariables":
        return str((exchange.stage.get("variables") or {}).get(name, ""))
    return ""


async def _output(exchange: Exchange, authorizer: Table, identity: tuple[str, ...]) -> _Output:
    seconds = api_gateway._authorizer_ttl(authorizer)
    key = (exchange.api_id, authorizer["id"], exchange.stage_name, identity)
    kept = _cache.get(key)
    if seconds and kept and kept[0] > time.monotonic():
        return kept[1]
    output = _parse(await _invoke(exchange, authorizer, identity))
    if seconds:
        while len(_cache) >= _CACHE_LIMIT:
            del _cache[next(iter(_cache))]
        _cache[key] = (time.monotonic() + seconds, output)
    return output


async def _invoke(exchange: Exchange, authorizer: Table, identity: tuple[str, ...]) -> Any:
    event = _event(exchange, authorizer, identity)
    result = await api_gateway._invoke_authorizer_lambda(
        authorizer, event, exchange.account_id, exchange.region
    )
    if result is None:
        raise GatewayError(_MISCONFIGURED, "Internal server error")
    body = result.get("body")
    if not result.get("error") and not result.get("throttle"):
        return body
    message = body.get("errorMessage") if isinstance(body, dict) else None
    if message == "Unauthorized":
        raise GatewayError("UNAUTHORIZED", "Unauthorized")
    raise GatewayError("AUTHORIZER_FAILURE", None)


def _event(exchange: Exchange, authorizer: Table, identity: tuple[str, ...]) -> Table:
    arn = _method_arn(exchange)
    if _is_token(authorizer):
        return {"type": "TOKEN", "methodArn": arn, "authorizationToken": identity[0]}
    return {"type": "REQUEST", "methodArn": arn, **request_event(exchange)}


def _method_arn(exchange: Exchange) -> str:
    return (
        f"arn:aws:execute-api:{exchange.region}:{exchange.account_id}:{exchange.api_id}/"
        f"{exchange.stage_name}/{exchange.method}/{exchange.path.lstrip('/')}"
    )


def _parse(output: Any) -> _Output:
    if not isinstance(output, dict) or not isinstance(output.get("policyDocument"), dict):
        raise GatewayError(_MISCONFIGURED, "Internal server error")
    context = output.get("context") or {}
    if any(isinstance(value, (dict, list)) for value in context.values()):
        raise GatewayError(_MISCONFIGURED, "Internal server error")
    texts: dict[str, str] = api_gateway._stringify_context(context)
    if output.get("principalId"):
        texts["principalId"] = str(output["principalId"])
    return _Output(output["policyDocument"], texts, str(output.get("usageIdentifierKey") or ""))


def _judge(exchange: Exchange, output: _Output) -> None:
    decision = api_gateway._evaluate_policy(output.policy, _method_arn(exchange))
    # A denied request's access log names the principal too.
    exchange.authorizer_context = output.context
    if decision != "Allow":
        raise GatewayError("ACCESS_DENIED", api_gateway._deny_error(decision == "Deny").message)
    exchange.usage_identifier_key = output.usage_identifier_key
