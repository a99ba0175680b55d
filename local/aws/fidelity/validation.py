"""Request validators: required parameters first, then the body against a model.

The model is chosen by the request's content type, application/json when there is none; `$default`
is the model for all other types. "If no matching content type is found, request validation is not
performed": such a body passes. Source: https://docs.aws.amazon.com/apigateway/latest/
developerguide/api-gateway-method-request-validation.html
"""

from __future__ import annotations

import json
from typing import Any

from fidelity._ministack import Table, api_gateway
from fidelity.exchange import Exchange, GatewayError


def validate(exchange: Exchange) -> None:
    """Raise the error of the first check of the method's validator that fails."""
    validators = api_gateway._request_validators.get(exchange.api_id, {})
    validator = validators.get(exchange.operation.get("requestValidatorId"))
    if not validator:
        return
    if validator.get("validateRequestParameters"):
        _validate_parameters(exchange)
    if validator.get("validateRequestBody"):
        _validate_body(exchange)


def _validate_parameters(exchange: Exchange) -> None:
    required = exchange.operation.get("requestParameters") or {}
    missing = [
        name.split(".", 3)[3]
        for name, needed in required.items()
        if str(needed).lower() == "true" and not _parameter(exchange, name)
    ]
    if missing:
        names = ", ".join(missing)
        raise GatewayError(
            "BAD_REQUEST_PARAMETERS", f"Missing required request parameters: [{names}]"
        )


def _parameter(exchange: Exchange, expression: str) -> str | None:
    _, _, place, name = expression.split(".", 3)
    if place == "header":
        return exchange.wire.header(name)
    if place == "querystring":
        return dict(exchange.query).get(name)
    return exchange.path_parameters.get(name)


def _validate_body(exchange: Exchange) -> None:
    models = exchange.operation.get("requestModels") or {}
    media_type = (exchange.wire.header("content-type") or "application/json").partition(";")[0]
    model = models.get(media_type.strip().lower(), models.get("$default"))
    schema = api_gateway._model_schema(exchange.api_id, model) if model else None
    if schema is None:
        return
    try:
        document = json.loads(exchange.body)
    except (ValueError, RecursionError):
        raise _body_error("[failed to parse the body as JSON]") from None
    deep = api_gateway._json_depth(document) > api_gateway._MAX_BODY_DEPTH
    if deep or not api_gateway._json_schema_valid(schema, document, schema):
        raise _body_error(_explain(schema, document))


def _body_error(validation: str) -> GatewayError:
    return GatewayError("BAD_REQUEST_BODY", "Invalid request body", validation=validation)


def _explain(schema: Table, document: Any) -> str:
    """The detail, in AWS's words for the two plainest cases at the root of the document."""
    allowed = schema.get("type")
    if isinstance(allowed, str) and not api_gateway._JSON_TYPES[allowed](document):
        found = next(name for name, holds in api_gateway._JSON_TYPES.items() if holds(document))
        return (
            f"[instance type ({found}) does not match any allowed primitive type "
            f'(allowed: ["{allowed}"])]'
        )
    if isinstance(document, dict):
        missing = sorted(set(schema.get("required") or []) - document.keys())
        if missing:
            return f"[object has missing required properties ({json.dumps(missing)})]"
    return "[instance failed to match the schema]"
