"""Calling the function of a proxy integration within the integration's time-out.

After `timeoutInMillis` (29,000 unless set) the client gets 504 INTEGRATION_TIMEOUT, "Endpoint
request timed out", and the function runs on. A function that throws, times out or is throttled is
an "Internal server error". Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/
api-gateway-execution-service-limits-table.html
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from fidelity._ministack import api_gateway
from fidelity.exchange import Answer, Exchange, GatewayError
from fidelity.proxy_event import proxy_event
from fidelity.proxy_response import integration_error, parse_proxy_response

_DEFAULT_TIMEOUT_MS = 29_000

# Calls that outlive their client; the event loop itself holds tasks only weakly.
_abandoned: set[asyncio.Task[Any]] = set()


async def integrate(exchange: Exchange) -> Answer:
    """Invoke the function and turn its result into the answer, or raise the GatewayError."""
    began = time.monotonic()
    try:
        result = await _invoke(exchange)
    finally:
        latency = str(round((time.monotonic() - began) * 1000))
        exchange.variables["integrationLatency"] = latency
        exchange.variables["integration.latency"] = latency
    if result.get("throttle"):
        raise integration_error(500)
    # Lambda itself answered 200, even when the function threw.
    exchange.variables["integrationStatus"] = "200"
    exchange.variables["integration.integrationStatus"] = "200"
    if result.get("error"):
        body = result.get("body")
        message = body.get("errorMessage", "") if isinstance(body, dict) else ""
        exchange.variables["integration.error"] = str(message)
        exchange.variables["integrationErrorMessage"] = str(message)
        raise integration_error()
    answer = parse_proxy_response(exchange, result.get("body"))
    exchange.variables["integration.status"] = str(answer.status)
    return answer


async def _invoke(exchange: Exchange) -> Any:
    integration = exchange.operation["methodIntegration"]
    reference = api_gateway._extract_lambda_ref_from_integration_uri(integration.get("uri", ""))
    seconds = int(integration.get("timeoutInMillis") or _DEFAULT_TIMEOUT_MS) / 1000
    call = asyncio.ensure_future(
        api_gateway._call_lambda_raw(
            reference,
            proxy_event(exchange),
            account_id=exchange.account_id,
            region=exchange.region,
        )
    )
    done, _ = await asyncio.wait({call}, timeout=seconds)
    if not done:
        _abandoned.add(call)
        call.add_done_callback(_abandoned.discard)
        raise GatewayError("INTEGRATION_TIMEOUT", "Endpoint request timed out")
    result, missing = call.result()
    if missing:
        raise GatewayError("API_CONFIGURATION_ERROR", "Internal server error")
    return result
