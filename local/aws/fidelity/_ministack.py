"""The parts of ministack that the fixes reach into; it has no types, so they are `Any`."""

from __future__ import annotations

from importlib import import_module
from typing import Any

app: Any = import_module("ministack.app")
api_gateway: Any = import_module("ministack.services.apigateway_v1")
logs: Any = import_module("ministack.services.cloudwatch_logs")
lambda_service: Any = import_module("ministack.services.lambda_svc")
lambda_runtime: Any = import_module("ministack.core.lambda_runtime")
provisioners: Any = import_module("ministack.services.cloudformation.provisioners")
responses: Any = import_module("ministack.core.responses")
sigv4: Any = import_module("ministack.core.sigv4")

# A JSON object of the emulator's stores.
Table = dict[str, Any]
