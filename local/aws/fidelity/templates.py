"""CloudFormation properties of API Gateway that ministack accepts and drops.

Sources: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/ pages
aws-resource-apigateway-requestvalidator, -method, -restapi, -stage and -deployment.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from fidelity._ministack import Table, api_gateway, provisioners

_HANDLERS: Table = provisioners._RESOURCE_HANDLERS


def install() -> None:
    """Put the corrected handlers in place of the emulator's."""
    _HANDLERS["AWS::ApiGateway::RequestValidator"].update(
        create=_create_validator, update=_update_validator, delete=_delete_validator
    )
    _follow("AWS::ApiGateway::Method", _link_validator)
    _follow("AWS::ApiGateway::RestApi", _set_key_source)
    _follow("AWS::ApiGateway::Stage", _set_stage_access_log)
    _follow("AWS::ApiGateway::Deployment", _set_deployment_access_log)


def _follow(resource_type: str, finish: Callable[[str, Table], None]) -> None:
    """Let `finish` complete what the emulator's create and update leave undone."""
    handlers = _HANDLERS[resource_type]
    create, update = handlers["create"], handlers["update"]

    def create_and_finish(*arguments: Any, **named: Any) -> Any:
        result = create(*arguments, **named)
        finish(result[0], arguments[1])
        return result

    def update_and_finish(*arguments: Any, **named: Any) -> Any:
        result = update(*arguments, **named)
        finish(result[0], arguments[2])
        return result

    handlers["create"], handlers["update"] = create_and_finish, update_and_finish


def _create_validator(logical_id: str, properties: Table, _stack: str) -> tuple[str, Table]:
    _, _, body = api_gateway._create_request_validator(
        properties["RestApiId"],
        {
            "name": properties.get("Name", logical_id),
            "validateRequestBody": _is_true(properties.get("ValidateRequestBody")),
            "validateRequestParameters": _is_true(properties.get("ValidateRequestParameters")),
        },
    )
    validator_id = json.loads(body)["id"]
    return validator_id, {"RequestValidatorId": validator_id}


def _update_validator(
    physical_id: str, old: Table, new: Table, stack: str, *_rest: Any, **_named: Any
) -> tuple[str, Table]:
    _delete_validator(physical_id, old)
    return _create_validator(physical_id, new, stack)


def _delete_validator(physical_id: str, properties: Table) -> None:
    api_gateway._delete_request_validator(properties["RestApiId"], physical_id)


def _link_validator(_physical_id: str, properties: Table) -> None:
    resource = api_gateway._resources[properties["RestApiId"]][properties["ResourceId"]]
    method = resource["resourceMethods"][properties.get("HttpMethod", "ANY")]
    method["requestValidatorId"] = properties.get("RequestValidatorId")


def _set_key_source(api_id: str, properties: Table) -> None:
    api = api_gateway._rest_apis[api_id]
    api["apiKeySource"] = properties.get("ApiKeySourceType", "HEADER")


def _set_stage_access_log(_physical_id: str, properties: Table) -> None:
    _set_access_log(properties, properties.get("StageName"), properties.get("AccessLogSetting"))


def _set_deployment_access_log(_physical_id: str, properties: Table) -> None:
    description = properties.get("StageDescription")
    if isinstance(description, dict) and "AccessLogSetting" in description:
        _set_access_log(properties, properties.get("StageName"), description["AccessLogSetting"])


def _set_access_log(properties: Table, stage_name: Any, setting: Any) -> None:
    stage = api_gateway._stages_v1.get(properties["RestApiId"], {}).get(stage_name)
    if stage is not None:
        setting = setting or {}
        stage["accessLogSettings"] = {
            "destinationArn": setting.get("DestinationArn", ""),
            "format": setting.get("Format", ""),
        }


def _is_true(value: Any) -> bool:
    """CloudFormation accepts booleans as text."""
    return str(value).lower() == "true"
