"""A request's way through a REST API's stage, in the order in which API Gateway takes its steps.

Size, route, authorizer, API key, throttle, quota, request validator, integration; then the access
log. Sources: https://docs.aws.amazon.com/apigateway/latest/developerguide/ pages
supported-gateway-response-types, api-gateway-request-throttling and
api-gateway-execution-service-limits-table (10 MB).
"""

from __future__ import annotations

import logging
from typing import Any

from fidelity._ministack import Table, api_gateway, app, sigv4
from fidelity.access_log import write_access_log
from fidelity.authorizer import authorize
from fidelity.exchange import Answer, Exchange, GatewayError
from fidelity.gateway_responses import render_error
from fidelity.mock_integration import answer_mock
from fidelity.proxy_integration import integrate
from fidelity.validation import validate
from fidelity.wire import current_wire_facts

_LOGGER = logging.getLogger("pipeline")
_MAX_BODY_BYTES = 10 * 1024 * 1024


def install() -> None:
    """Let every request to a REST API's stage take this way."""
    api_gateway._handle_execute_in_scope = _execute_in_scope
    enforce = app._enforce_execute_api

    def enforce_signed_methods(
        api_id: str, stage: str, method: str, path: str, *rest: Any, **named: Any
    ) -> Any:
        # Only a method with AWS_IAM reads a signature; an unknown route is this module's to answer.
        authorization = api_gateway.method_authorization_type(api_id, stage, method, path)
        if authorization != "AWS_IAM" and api_gateway.find_api_scope(api_id) is not None:
            return None
        return enforce(api_id, stage, method, path, *rest, **named)

    app._enforce_execute_api = enforce_signed_methods


async def _execute_in_scope(
    api_id: str,
    stage_name: str,
    method: str,
    path: str,
    _headers: Table,
    body: bytes,
    _query: Table,
    account_id: str,
    region: str,
) -> tuple[int, dict[str, list[str]], bytes]:
    stage = api_gateway._stages_v1.get(api_id, {}).get(stage_name)
    if stage is None:
        # The request reaches no stage, so no gateway response and no access log applies.
        headers = (("Content-Type", "application/json"), ("x-amzn-ErrorType", "ForbiddenException"))
        return Answer(403, headers, b'{"message":"Forbidden"}').to_emulator()
    wire = current_wire_facts()
    parsed = app._parse_execute_api_url(wire.header("host") or "", wire.raw_path)
    exchange = Exchange(
        wire=wire,
        api_id=api_id,
        api=api_gateway._rest_apis[api_id],
        stage_name=stage_name,
        stage=stage,
        method=method,
        path=parsed[2] if parsed else path,
        body=body or b"",
        account_id=account_id,
        region=region,
    )
    answer = await _answer(exchange)
    write_access_log(exchange, answer)
    return answer.to_emulator()


async def _answer(exchange: Exchange) -> Answer:
    try:
        return await _take_steps(exchange)
    except GatewayError as error:
        return render_error(exchange, error)
    except Exception:
        _LOGGER.exception("a step failed for %s %s", exchange.method, exchange.path)
        return render_error(exchange, GatewayError("DEFAULT_5XX", "Internal server error"))


async def _take_steps(exchange: Exchange) -> Answer:
    if len(exchange.body) > _MAX_BODY_BYTES:
        message = f"HTTP content length exceeded {_MAX_BODY_BYTES} bytes."
        raise GatewayError("REQUEST_TOO_LARGE", message)
    _route(exchange)
    await _authorize(exchange)
    _check_usage(exchange)
    validate(exchange)
    integration = exchange.operation.get("methodIntegration") or {}
    if integration.get("type") == "AWS_PROXY":
        return await integrate(exchange)
    if integration.get("type") == "MOCK":
        return answer_mock(exchange)
    _LOGGER.error("integration type %s is not emulated", integration.get("type"))
    raise GatewayError("API_CONFIGURATION_ERROR", "Internal server error")


def _route(exchange: Exchange) -> None:
    """Find the method; a route without one is refused, by what Authorization holds."""
    segments = [segment for segment in exchange.path.split("/") if segment]
    resource, parameters = api_gateway._match_resource_tree(exchange.api_id, segments)
    operation = _operation(resource, exchange.method)
    if operation is None:
        resource, parameters = api_gateway._match_greedy_fallback(
            exchange.api_id, segments, exchange.method
        )
        operation = _operation(resource, exchange.method)
    if operation is None:
        raise _unknown_route(exchange)
    exchange.resource, exchange.operation = resource, operation
    exchange.path_parameters = parameters or {}


def _operation(resource: Table | None, method: str) -> Table | None:
    methods = (resource or {}).get("resourceMethods") or {}
    found: Table | None = methods.get(method) or methods.get("ANY")
    return found


def _unknown_route(exchange: Exchange) -> GatewayError:
    """The error for a route that does not exist, by what Authorization holds.

    A header that is not a signature is judged as a bad one (recorded), so the bearer of a token
    gets DEFAULT_4XX with 403, and only others get MISSING_AUTHENTICATION_TOKEN.
    """
    authorization = exchange.wire.header("authorization")
    if authorization and not authorization.startswith("AWS4-HMAC-SHA256"):
        refused = sigv4.foreign_authorization_failure({"authorization": authorization})
        if refused:
            return GatewayError(
                "DEFAULT_4XX", refused[1], error_type="IncompleteSignatureException", status=403
            )
    return GatewayError("MISSING_AUTHENTICATION_TOKEN", "Missing Authentication Token")


async def _authorize(exchange: Exchange) -> None:
    kind = str(exchange.operation.get("authorizationType") or "NONE").upper()
    if kind == "CUSTOM":
        await authorize(exchange)
    elif kind not in ("NONE", "AWS_IAM"):
        _LOGGER.error("authorization type %s is not emulated", kind)
        raise GatewayError("AUTHORIZER_CONFIGURATION_ERROR", "Internal server error")


def _check_usage(exchange: Exchange) -> None:
    """API key, throttle and quota; the key is the authorizer's where the API says so."""
    by_authorizer = exchange.api.get("apiKeySource") == "AUTHORIZER"
    sent = exchange.usage_identifier_key if by_authorizer else exchange.wire.header("x-api-key")
    error, key = api_gateway._check_api_key(
        exchange.operation, exchange.api_id, exchange.stage_name, {"x-api-key": sent or ""}
    )
    if error is None:
        if key is not None:
            exchange.variables["identity.apiKey"] = key["value"]
            exchange.variables["identity.apiKeyId"] = key["id"]
        error = api_gateway._check_throttle(
            exchange.stage,
            exchange.api_id,
            exchange.stage_name,
            exchange.resource_path,
            exchange.method,
            key or api_gateway._resolve_api_key(sent),
        )
    if error is None:
        error = api_gateway._check_quota(key, exchange.api_id, exchange.stage_name)
    if error is not None:
        raise GatewayError(error.response_type, error.message)
