"""
API Gateway v2 in CloudFormation, over moto's own records of APIs; the front beside us listens for each API.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ApiGatewayV2.html
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

from moto.apigatewayv2.models import Api, apigatewayv2_backends
from moto.core.common_models import CloudFormationModel
from moto.core.utils import camelcase_to_underscores

from .deployed import Deployed
from .places import PLACES, ask_json


@dataclass(frozen=True)
class Part:
    """What `Ref` answers, and what `Fn::GetAtt` does."""

    identity: str
    attributes: dict[str, Any]


def _call(method: Any, properties: dict[str, Any], **more: Any) -> Any:
    """Calls moto's backend with the properties under its own names; what a template leaves out is absent there, too."""
    given = {camelcase_to_underscores(name): value for name, value in properties.items()} | more
    wanted = inspect.signature(method).parameters
    return method(**{name: given.get(name) for name in wanted})


def _tags(properties: dict[str, Any]) -> dict[str, str]:
    return {str(k): str(v) for k, v in (properties.get("Tags") or {}).items()}


def _type(name: str) -> Any:
    def make(create: Any, remove: Any) -> type[CloudFormationModel]:
        class Made(Deployed, CloudFormationModel):
            def __init__(self, part: Part) -> None:
                self.part = part
                self.physical_resource_id = part.identity

            @staticmethod
            def cloudformation_type() -> str:
                return name

            def get_cfn_attribute(self, attribute_name: str) -> Any:
                return self.part.attributes[attribute_name]

            @classmethod
            def create_from_cloudformation_json(
                cls, resource_name: str, cloudformation_json: dict[str, Any], account_id: str, region_name: str, **kwargs: Any
            ) -> Any:
                backend = apigatewayv2_backends[account_id][region_name]
                return cls(create(backend, cloudformation_json["Properties"]))

            @classmethod
            def update_from_cloudformation_json(
                cls,
                original_resource: Any,
                new_resource_name: str,
                cloudformation_json: dict[str, Any],
                account_id: str,
                region_name: str,
            ) -> Any:
                # An API keeps its identity and address; its parts are made anew.
                if name == "AWS::ApiGatewayV2::Api":
                    return original_resource
                original_resource.delete(account_id, region_name)
                return cls.create_from_cloudformation_json(new_resource_name, cloudformation_json, account_id, region_name)

            def delete(self, account_id: str, region_name: str) -> None:
                remove(apigatewayv2_backends[account_id][region_name], self.part)

        Made.__name__ = Made.__qualname__ = name.replace("::", "")
        return Made

    return make


def _create_api(backend: Any, properties: dict[str, Any]) -> Part:
    api = _call(backend.create_api, properties, tags=_tags(properties))
    listen(api)
    return Part(api.api_id, {"ApiId": api.api_id, "ApiEndpoint": api.api_endpoint})


def listen(api: Api) -> None:
    """An API answers on an address of its own, as in AWS; here it is one of the front's ports."""
    if PLACES.front:
        api.api_endpoint = ask_json("POST", f"{PLACES.front}/apis", {"id": api.api_id, "protocol": api.protocol_type})["endpoint"]


def _create_stage(backend: Any, properties: dict[str, Any]) -> Part:
    config = {name[0].lower() + name[1:]: value for name, value in properties.items()}
    stage = backend.create_stage(properties["ApiId"], config | {"tags": _tags(properties)})
    return Part(stage.name, {"api": properties["ApiId"]})


def _create_route(backend: Any, properties: dict[str, Any]) -> Part:
    route = _call(backend.create_route, properties)
    return Part(route.route_id, {"RouteId": route.route_id, "api": properties["ApiId"]})


def _create_integration(backend: Any, properties: dict[str, Any]) -> Part:
    made = _call(backend.create_integration, properties, timeout_in_millis=properties.get("TimeoutInMillis"))
    return Part(made.id, {"IntegrationId": made.id, "api": properties["ApiId"]})


def _create_authorizer(backend: Any, properties: dict[str, Any]) -> Part:
    made = _call(backend.create_authorizer, properties)
    return Part(made.id, {"AuthorizerId": made.id, "api": properties["ApiId"]})


def _create_deployment(backend: Any, properties: dict[str, Any]) -> Part:
    """The front reads the routes themselves, so every stage is deployed as if automatically."""
    return Part("deployment", {"DeploymentId": "deployment", "api": properties["ApiId"]})


def _forget(method: str) -> Any:
    def remove(backend: Any, part: Part) -> None:
        api = backend.apis.get(part.attributes.get("api"))
        if api is not None:
            getattr(api, method)(part.identity)

    return remove


def install() -> list[type[CloudFormationModel]]:
    return [
        _type("AWS::ApiGatewayV2::Api")(_create_api, lambda backend, part: backend.apis.pop(part.identity, None)),
        _type("AWS::ApiGatewayV2::Stage")(_create_stage, _forget("delete_stage")),
        _type("AWS::ApiGatewayV2::Route")(_create_route, _forget("delete_route")),
        _type("AWS::ApiGatewayV2::Integration")(_create_integration, _forget("delete_integration")),
        _type("AWS::ApiGatewayV2::Authorizer")(_create_authorizer, _forget("delete_authorizer")),
        _type("AWS::ApiGatewayV2::Deployment")(_create_deployment, lambda backend, part: None),
    ]


def described(api_id: str) -> dict[str, Any]:
    """An API with its routes and what they lead to, for the front."""
    for account_id, regions in list(apigatewayv2_backends.items()):
        for region, backend in list(regions.items()):
            api = backend.apis.get(api_id)
            if api is not None:
                integrations = {f"integrations/{i}": made for i, made in api.integrations.items()}
                return {
                    "id": api_id,
                    "protocol": api.protocol_type,
                    "account": account_id,
                    "region": region,
                    "selection": api.route_selection_expression,
                    "stages": list(api.stages),
                    "routes": [_route(route, integrations.get(route.target)) for route in api.routes.values()],
                }
    raise KeyError(api_id)


def _route(route: Any, integration: Any) -> dict[str, Any]:
    return {
        "key": route.route_key,
        "authorization": route.authorization_type or "NONE",
        "uri": None if integration is None else integration.integration_uri,
        "timeoutMs": int((integration and integration.timeout_in_millis) or 30_000),
    }
