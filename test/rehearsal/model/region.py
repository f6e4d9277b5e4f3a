"""
What a region has before anything is deployed: images known by SSM parameters, and all its zones.
https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-public-parameters.html
https://wiki.debian.org/Cloud/AmazonEC2Image (the names of Debian's)
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-getavailabilityzones.html
"""

from __future__ import annotations

from typing import Any

import moto.cloudformation.parsing as parsing
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.utils import utcnow
from moto.ec2.models import ec2_backends
from moto.ec2.models.amis import Ami
from moto.ssm.models import Parameter, ssm_backends

REGIONS = ("us-east-1", "eu-central-1")
UBUNTU = "/aws/service/canonical/ubuntu/server/24.04/stable/current"
IMAGES = {
    "/aws/service/debian/release/12/latest/amd64": ("ami-0debabe00000000d1", "x86_64", "/dev/xvda"),
    "/aws/service/debian/release/12/latest/arm64": ("ami-0debabe00000000d2", "arm64", "/dev/xvda"),
    f"{UBUNTU}/amd64/hvm/ebs-gp3/ami-id": ("ami-0ab0ab00000000001", "x86_64", "/dev/sda1"),
    f"{UBUNTU}/arm64/hvm/ebs-gp3/ami-id": ("ami-0ab0ab00000000002", "arm64", "/dev/sda1"),
}


def zones(region: str) -> list[str]:
    return [zone.name for zone in ec2_backends[DEFAULT_ACCOUNT_ID][region].describe_availability_zones()]


def _publish(region: str) -> None:
    ec2 = ec2_backends[DEFAULT_ACCOUNT_ID][region]
    parameters = ssm_backends[DEFAULT_ACCOUNT_ID][region]._parameters
    for name, (image, architecture, device) in IMAGES.items():
        ec2.amis[image] = Ami(
            ec2, image, name=name, public=True, virtualization_type="hvm", architecture=architecture, root_device_name=device
        )
        parameters[name] = [
            Parameter(DEFAULT_ACCOUNT_ID, name, image, "String", None, None, None, utcnow(), 1, "aws:ec2:image")
        ]


def install() -> None:
    theirs = parsing.clean_json

    def clean_json(resource_json: Any, resources_map: Any) -> Any:
        if isinstance(resource_json, dict) and "Fn::GetAZs" in resource_json:
            region = clean_json(resource_json["Fn::GetAZs"], resources_map)
            return zones(region or resources_map["AWS::Region"])
        return theirs(resource_json, resources_map)

    # It calls itself by this name.
    parsing.clean_json = clean_json
    for region in REGIONS:
        _publish(region)
