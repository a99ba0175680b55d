"""Answers that the gateway makes itself, through the deployment's gateway responses.

The customized response of the type applies, else a customized DEFAULT_4XX or DEFAULT_5XX (with
the type's own status), else the built-in one. Templates are plain text with simple variables: no
Velocity. Headers come from `gatewayresponse.header.*`; a mapped Content-Type takes the place of
application/json (OUR reading: AWS keys templates by content type and the recordings at hand do
not show a mapped one). Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/
api-gateway-gatewayResponse-definition.html
"""

from __future__ import annotations

import re
from typing import Any

from fidelity._ministack import Table, api_gateway
from fidelity.context_variables import VARIABLE, context_variables
from fidelity.exchange import Answer, Exchange, GatewayError

_HEADER = "gatewayresponse.header."
_KNOWN = re.compile(r"(authorizer|authorize|error|identity|integration)\.|status$|integration")


def render_error(exchange: Exchange, error: GatewayError) -> Answer:
    """The answer for the error: status, mapped headers, and the filled-in template."""
    customized = _customized(exchange)
    response = api_gateway._gateway_response_for_type(customized, error.response_type)
    exchange.error = error
    variables = context_variables(exchange)
    body = VARIABLE.sub(
        lambda match: _value(variables, match), _template(error, response, customized)
    )
    headers = {"Content-Type": "application/json", **_standard_headers(exchange, error)}
    for name, value in _mapped_headers(exchange, variables, response):
        headers = {sent: text for sent, text in headers.items() if sent.lower() != name.lower()}
        headers[name] = value
    return Answer(_status(error, response), tuple(headers.items()), body.encode())


def _customized(exchange: Exchange) -> Table:
    """The gateway responses as they were when the stage's deployment was made."""
    deployed = api_gateway._deployed_gateway_responses.get(exchange.api_id, {})
    found: Table = deployed.get(exchange.stage.get("deploymentId")) or {}
    return found


def _template(error: GatewayError, response: Table, customized: Table) -> str:
    if error.response_type == "ACCESS_DENIED" and not customized.keys() & {
        "ACCESS_DENIED",
        "DEFAULT_4XX",
    }:
        # The built-in body of this type alone has a capital M (measured by ministack).
        return '{"Message":$context.error.messageString}'
    template = (response.get("responseTemplates") or {}).get("application/json")
    return str(template or api_gateway._DEFAULT_GATEWAY_RESPONSE_TEMPLATE)


def _value(variables: dict[str, str], match: re.Match[str]) -> str:
    name = match.group(1) or match.group(2)
    if name in variables:
        return variables[name]
    # A variable that exists but has no value here is empty; any other text stays as it is.
    return "" if _KNOWN.match(name) else match.group(0)


def _status(error: GatewayError, response: Table) -> int:
    status = response.get("statusCode") or error.status
    return int(status or (403 if error.response_type == "DEFAULT_4XX" else 500))


def _standard_headers(exchange: Exchange, error: GatewayError) -> dict[str, str]:
    error_type = error.error_type or api_gateway._GATEWAY_RESPONSE_ERROR_TYPES.get(
        error.response_type
    )
    headers = {
        "x-amzn-requestid": exchange.request_id,
        "x-amz-apigw-id": exchange.extended_request_id,
    }
    return {**headers, "x-amzn-ErrorType": error_type} if error_type else headers


def _mapped_headers(
    exchange: Exchange, variables: dict[str, str], response: Table
) -> list[tuple[str, str]]:
    mapped = []
    for destination, source in (response.get("responseParameters") or {}).items():
        value = _source_value(exchange, variables, source)
        if destination.startswith(_HEADER) and value is not None:
            mapped.append((destination.removeprefix(_HEADER), value))
    return mapped


def _source_value(exchange: Exchange, variables: dict[str, str], source: Any) -> str | None:
    """A mapping expression's value; None, which omits the header, when its source is absent."""
    text = str(source)
    if len(text) >= 2 and text[0] == text[-1] == "'":
        return text[1:-1]
    place, _, name = text.removeprefix("method.request.").partition(".")
    if place == "header":
        return exchange.wire.header(name)
    if place == "querystring":
        return dict(exchange.query).get(name)
    if place == "path":
        return exchange.path_parameters.get(name)
    if place == "stageVariables":
        return (exchange.stage.get("variables") or {}).get(name)
    return variables.get(name) if place == "context" else None
