"""The `$context` variables of access logs and gateway responses.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/
api-gateway-variables-for-access-logging.html
"""

from __future__ import annotations

import json
import re

from fidelity.exchange import Exchange

# $context.name or ${context.name}; a name's parts may hold what an authorizer's keys hold.
VARIABLE = re.compile(r"\$(?:\{context\.([\w.-]+)\}|context\.([A-Za-z]\w*(?:\.[A-Za-z]\w*)*))")

# AWS renders the quoted message of these types with a leading space (measured by ministack).
_SPACED = (
    "API_CONFIGURATION_ERROR",
    "AUTHORIZER_CONFIGURATION_ERROR",
    "BAD_REQUEST_BODY",
    "BAD_REQUEST_PARAMETERS",
    "DEFAULT_5XX",
)


def context_variables(exchange: Exchange) -> dict[str, str]:
    """Every variable that has a value, named without "$context."."""
    return {
        **_request_variables(exchange),
        **_authorizer_variables(exchange),
        **_error_variables(exchange),
        **exchange.variables,
    }


def _request_variables(exchange: Exchange) -> dict[str, str]:
    wire = exchange.wire
    host = (wire.header("host") or "").split(":")[0]
    return {
        "accountId": exchange.account_id,
        "apiId": exchange.api_id,
        "deploymentId": str(exchange.stage.get("deploymentId", "")),
        "domainName": host,
        "domainPrefix": host.split(".")[0],
        "extendedRequestId": exchange.extended_request_id,
        "httpMethod": exchange.method,
        "identity.sourceIp": wire.peer,
        "identity.userAgent": wire.header("user-agent") or "",
        "path": f"/{exchange.stage_name}{exchange.path}",
        "protocol": wire.protocol,
        "requestId": exchange.request_id,
        "requestTime": exchange.request_time,
        "requestTimeEpoch": str(exchange.request_time_epoch),
        "resourceId": str(exchange.resource.get("id", "")),
        "resourcePath": exchange.resource_path,
        "stage": exchange.stage_name,
        "xrayTraceId": exchange.trace_id.removeprefix("Root="),
    }


def _authorizer_variables(exchange: Exchange) -> dict[str, str]:
    context = exchange.authorizer_context or {}
    return {f"authorizer.{name}": value for name, value in context.items()}


def _error_variables(exchange: Exchange) -> dict[str, str]:
    error = exchange.error
    if error is None:
        return {}
    quoted = json.dumps(error.message)
    renamed = {"AUTHORIZER_CONFIGURATION_ERROR": "API_CONFIGURATION_ERROR"}
    return {
        "error.message": error.message or "",
        "error.messageString": f" {quoted}" if error.response_type in _SPACED else quoted,
        "error.responseType": renamed.get(error.response_type, error.response_type),
        "error.validationErrorString": error.validation,
    }
