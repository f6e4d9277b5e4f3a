"""
CloudFormation's resource types that moto has none of: those that do something are in other modules; the rest are kept as
written, so that stacks deploy, `Ref` and `Fn::GetAtt` answer, and tests can see what was asked for.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
"""

from __future__ import annotations

import json
from typing import Any, ClassVar

import moto.cloudformation.parsing as parsing
from moto.awslambda.models import lambda_backends
from moto.core.common_models import CloudFormationModel

from .deployed import Deployed


class Recorded(Deployed, CloudFormationModel):
    """A resource that is only remembered."""

    all: ClassVar[dict[str, Recorded]] = {}

    def __init__(self, kind: str, name: str, properties: dict[str, Any], account: str, region: str) -> None:
        self.kind = kind
        self.name = name
        self.properties = properties
        self.account = account
        self.region = region
        Recorded.all[name] = self

    @property
    def physical_resource_id(self) -> str:
        return self.name

    @property
    def arn(self) -> str:
        service = self.kind.split("::")[1].lower()
        return f"arn:aws:{service}:{self.region}:{self.account}:{self.kind.split('::')[-1].lower()}/{self.name}"

    @staticmethod
    def cloudformation_name_type() -> str:
        return "Name"

    @staticmethod
    def cloudformation_type() -> str:
        return "Rehearsal::Recorded::Resource"

    def get_cfn_attribute(self, attribute_name: str) -> Any:
        if attribute_name in ("Arn", "ResourceArn"):
            return self.arn
        return self.properties.get(attribute_name, self.name)

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: dict[str, Any], account_id: str, region_name: str, **kwargs: Any
    ) -> Recorded:
        properties = cloudformation_json.get("Properties", {})
        return Recorded(cloudformation_json["Type"], resource_name, properties, account_id, region_name)

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> Any:
        original_resource.properties = cloudformation_json.get("Properties", {})
        return original_resource

    def delete(self, account_id: str, region_name: str) -> None:
        Recorded.all.pop(self.name, None)


class EventInvokeConfig(Deployed, CloudFormationModel):
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-eventinvokeconfig.html"""

    def __init__(self, function_name: str, qualifier: str) -> None:
        self.physical_resource_id = f"{function_name}|{qualifier}"

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::Lambda::EventInvokeConfig"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: dict[str, Any], account_id: str, region_name: str, **kwargs: Any
    ) -> EventInvokeConfig:
        properties = cloudformation_json["Properties"]
        lambda_backends[account_id][region_name].put_function_event_invoke_config(properties["FunctionName"], properties)
        return cls(properties["FunctionName"], properties["Qualifier"])

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> Any:
        return cls.create_from_cloudformation_json(new_resource_name, cloudformation_json, account_id, region_name)


def install() -> None:
    theirs = parsing.resource_class_from_type

    def resource_class_from_type(resource_type: str) -> Any:
        if resource_type in parsing.NULL_MODELS:
            return None
        is_known = resource_type.startswith("Custom::") or resource_type in parsing.get_model_map()
        return theirs(resource_type) if is_known else Recorded

    parsing.resource_class_from_type = resource_class_from_type


def recorded() -> list[dict[str, Any]]:
    found = [{"type": one.kind, "name": one.name, "properties": one.properties} for one in Recorded.all.values()]
    return list(json.loads(json.dumps(found, default=str)))
