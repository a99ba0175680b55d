"""Answers of MOCK integrations, which serve CORS preflight requests.

The one response mapping template that is understood is the deploy tool's: it overrides
Access-Control-Allow-Origin with the request's Origin if that matches one of a list. Java's
`matches` is of the whole text. An evaluated template that writes nothing leaves an empty body. Any
other template is an error here, since it would need a Velocity engine. Source:
https://docs.aws.amazon.com/apigateway/latest/developerguide/
apigateway-override-request-response-parameters.html
"""

from __future__ import annotations

import logging
import re

from fidelity._ministack import Table, api_gateway
from fidelity.exchange import Answer, Exchange, GatewayError

_LOGGER = logging.getLogger("mock_integration")
_ORIGIN = "Access-Control-Allow-Origin"
_MATCH = re.compile(r'\$origin\.matches\("([^"]*)"\)')
_TEMPLATE = re.compile(
    r'#set\(\$origin = \$input\.params\("Origin"\)\)\s*'
    r'#if\(\$origin == ""\) #set\(\$origin = \$input\.params\("origin"\)\) #end\s*'
    r'#if\(\$origin\.matches\("[^"]*"\)(?: \|\| \$origin\.matches\("[^"]*"\))*\) '
    rf"#set\(\$context\.responseOverride\.header\.{_ORIGIN} = \$origin\) #end"
)


def answer_mock(exchange: Exchange) -> Answer:
    """The integration's answer: its mapped headers, and what its template makes of the request."""
    integration: Table = exchange.operation["methodIntegration"]
    status, headers, body = api_gateway._invoke_mock_v1(integration)
    template = body.decode().strip()
    if template in ("", "{}"):
        return Answer(status, tuple(headers.items()), b"")
    if not _TEMPLATE.fullmatch(template):
        _LOGGER.error("the template of a mock integration is not emulated: %s", template)
        raise GatewayError("API_CONFIGURATION_ERROR", "Internal server error")
    origin = exchange.wire.header("origin") or ""
    if any(re.fullmatch(pattern, origin) for pattern in _MATCH.findall(template)):
        headers = {**headers, _ORIGIN: origin}
    return Answer(status, tuple(headers.items()), b"")
