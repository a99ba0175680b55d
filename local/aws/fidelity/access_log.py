"""The stage's access log: one event for every request, gateway-made answers included.

`$context` variables are filled in; one that is unknown or has no value becomes "-". Values are
escaped as in JSON text, as AWS has done since 2024 (recorded), so a format that is JSON stays JSON
whatever a client sends as User-Agent. Source: https://docs.aws.amazon.com/apigateway/latest/
developerguide/set-up-logging.html
"""

from __future__ import annotations

import hashlib
import json
import logging
import re

from fidelity._ministack import logs
from fidelity.context_variables import VARIABLE, context_variables
from fidelity.exchange import Answer, Exchange

_LOGGER = logging.getLogger("access_log")
_ABSENT = "-"


def write_access_log(exchange: Exchange, answer: Answer) -> None:
    """Put one event into the log group that the stage names; without a setting, nothing."""
    setting = exchange.stage.get("accessLogSettings") or {}
    template, destination = setting.get("format"), setting.get("destinationArn")
    if not template or not destination:
        return
    group = str(destination).partition(":log-group:")[2].removesuffix(":*")
    if group not in logs._log_groups:
        _LOGGER.warning("the access log's group %s does not exist", group)
        return
    stream = _stream_name(exchange)
    logs._create_log_stream({"logGroupName": group, "logStreamName": stream})
    event = {
        "timestamp": exchange.request_time_epoch,
        "message": render_format(template, exchange, answer),
    }
    logs._put_log_events({"logGroupName": group, "logStreamName": stream, "logEvents": [event]})


def render_format(template: str, exchange: Exchange, answer: Answer) -> str:
    """The stage's format with the exchange's variables filled in."""
    variables = {
        **context_variables(exchange),
        "status": str(answer.status),
        "responseLength": str(len(answer.body)),
        "responseLatency": str(exchange.elapsed_ms),
    }

    def fill(match: re.Match[str]) -> str:
        name = match.group(1) or match.group(2)
        value = variables.get(name, "")
        if name == "error.messageString":
            return value.strip() or _ABSENT
        return json.dumps(value, ensure_ascii=False)[1:-1] or _ABSENT

    return VARIABLE.sub(fill, template).strip()


def _stream_name(exchange: Exchange) -> str:
    return hashlib.sha256(f"{exchange.api_id}/{exchange.stage_name}".encode()).hexdigest()[:32]
