"""Drives the official Python client of Dataproc by lines of JSON, for the conformance suite.

    python python_client.py <grpc|rest|tls> <host:port>

`tls` is gRPC as the client speaks it by itself, told nothing but endpoint and credentials.
The token is the first line of standard input; each later line is `{"service", "method",
"request"}`, where the request is proto3 JSON. Each answer is one line: `{"response": …}`,
`{"items": […]}` of a list, or `{"error": {"status", "message"}}` with the HTTP status that Google
gives the canonical code. Of a long-running operation the result is answered, or its name when the
line has `"wait": false`.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import grpc
from google.api_core import exceptions
from google.api_core.operation import Operation
from google.auth.exceptions import RefreshError
from google.cloud import dataproc_v1
from google.oauth2.credentials import Credentials
from google.protobuf.json_format import MessageToDict

SERVICES = {
    "JobController": "job_controller",
    "BatchController": "batch_controller",
    "ClusterController": "cluster_controller",
    "WorkflowTemplateService": "workflow_template_service",
}


class TokenInterceptor(grpc.UnaryUnaryClientInterceptor):  # type: ignore[misc]  # grpc is untyped
    """Adds the token to each call: gRPC sends credentials of its own only over TLS."""

    def __init__(self, token: str) -> None:
        self._header = ("authorization", f"Bearer {token}")

    def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
        """Pass the call on with one more header."""
        metadata = [*(details.metadata or []), self._header]
        return continuation(details._replace(metadata=metadata), request)


def make_client(service: str, transport: str, address: str, token: str) -> Any:
    """Make the official client of one service, by one transport."""
    package = getattr(dataproc_v1.services, SERVICES[service])
    client = getattr(package, f"{service}Client")
    if transport == "rest":
        rest = client.get_transport_class("rest")
        return client(
            transport=rest(host=address, url_scheme="http", credentials=Credentials(token))
        )
    if transport == "tls":
        return client(credentials=Credentials(token), client_options={"api_endpoint": address})
    channel = grpc.intercept_channel(grpc.insecure_channel(address), TokenInterceptor(token))
    return client(transport=client.get_transport_class("grpc")(channel=channel))


def to_json(message: Any) -> Any:
    """Turn a message of the client into proto3 JSON; what is empty has none."""
    if message is None or not hasattr(type(message), "to_json"):
        return {}
    text = type(message).to_json(
        message, use_integers_for_enums=False, always_print_fields_with_no_presence=False
    )
    return json.loads(text)


def make_request(line: dict[str, Any]) -> Any:
    """Make the request of a call; an operation is asked for by what a dictionary holds."""
    method = line["method"]
    if method in ("GetOperation", "ListOperations"):
        return line["request"]
    name = "SubmitJob" if method == "SubmitJobAsOperation" else method
    return getattr(dataproc_v1, f"{name}Request").from_json(json.dumps(line["request"]))


def cancel(client: Any, operation: Operation) -> None:
    """Cancel an operation by its own method, or where that fails by the client's.

    Over REST google-api-core's own expects a body in Dataproc's HTTP rule, which has none.
    """
    if client.transport.kind == "grpc":
        operation.cancel()
    else:
        client.cancel_operation({"name": operation.operation.name})


def call(client: Any, line: dict[str, Any], started: dict[str, Operation]) -> dict[str, Any]:
    """Make one call and describe its outcome; operations that go on are kept by their names."""
    method = line["method"]
    snake = "".join(f"_{char.lower()}" if char.isupper() else char for char in method).lstrip("_")
    try:
        if method == "CancelOperation":
            cancel(client, started[line["request"]["name"]])
            return {"response": {}}
        result = getattr(client, snake)(request=make_request(line), timeout=60)
        if method == "GetOperation":
            return {"response": MessageToDict(result)}
        if method == "ListOperations":
            return {"items": [MessageToDict(item) for item in result.operations]}
        if isinstance(result, Operation):
            if line.get("wait") is False:
                started[result.operation.name] = result
                return {"response": {"name": result.operation.name}}
            return {"response": to_json(result.result(timeout=110))}
        if hasattr(result, "pages"):
            return {"items": [to_json(item) for item in result]}
        return {"response": to_json(result)}
    except exceptions.GoogleAPICallError as error:
        return {"error": {"status": int(error.code or 0), "message": error.message}}
    except RefreshError as error:  # What google-auth makes of a 401: this token cannot be renewed.
        return {"error": {"status": 401, "message": str(error)}}


def main(transport: str, address: str) -> None:
    """Answer each line of standard input until it ends."""
    token = sys.stdin.readline().strip()
    clients: dict[str, Any] = {}
    started: dict[str, Operation] = {}
    for text in sys.stdin:
        line = json.loads(text)
        service = line["service"]
        if service not in clients:
            clients[service] = make_client(service, transport, address, token)
        print(json.dumps(call(clients[service], line, started)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
