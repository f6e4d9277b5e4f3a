"""
What calls of EC2 need; launching needs a permission on all that a machine is made of, and tagging on all that is tagged. A spot machine
is made by a request, and in an account that never had one by whoever may make its service-linked role.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-fleet-prerequisites.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/service-linked-roles-spot-instance-requests.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from moto.ec2.models import ec2_backends

from . import machines
from .images import parameter_of
from .policies import Context

if TYPE_CHECKING:
    from .needs import Call, Need

ON_INSTANCES = {"GetConsoleOutput", "TerminateInstances", "StopInstances", "StartInstances", "RebootInstances"}
SPOT_ROLE = "arn:aws:iam::123456789012:role/aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot"
ON_VOLUMES = {"DeleteVolume", "ModifyVolume", "CreateSnapshot", "AttachVolume", "DetachVolume"}


def ec2_needs(call: Call) -> list[Need]:
    from .needs import Need

    form = call.form
    if call.action in ("CreateFleet", "RunInstances"):
        return _launching(call)
    if call.action in ON_INSTANCES:
        ids = [value for name, value in form.items() if name.startswith("InstanceId")]
        return [Need(f"ec2:{call.action}", call.arn(f"instance/{one}"), of_instance(one)) for one in ids]
    if call.action in ON_VOLUMES:
        volume = form.get("VolumeId", "*")
        found = [Need(f"ec2:{call.action}", call.arn(f"volume/{volume}"), _tags_of(call, volume))]
        if form.get("InstanceId"):
            found.append(Need(f"ec2:{call.action}", call.arn(f"instance/{form['InstanceId']}"), of_instance(form["InstanceId"])))
        if call.action == "CreateSnapshot":
            snapshot = f"arn:aws:ec2:{call.region}::snapshot/*"
            found += [Need("ec2:CreateSnapshot", snapshot, _asked_tags(form)), *_tagging(call, "snapshot")]
        return found
    if call.action == "CreateVolume":
        found = [Need("ec2:CreateVolume", call.arn("volume/*"), _asked_tags(form)), *_tagging(call, "volume")]
        if form.get("SnapshotId"):
            snapshot = form["SnapshotId"]
            found.append(Need("ec2:CreateVolume", f"arn:aws:ec2:{call.region}::snapshot/{snapshot}", _tags_of(call, snapshot)))
        return found
    if call.action == "DeleteSnapshot":
        snapshot = form.get("SnapshotId", "*")
        return [Need("ec2:DeleteSnapshot", f"arn:aws:ec2:{call.region}::snapshot/{snapshot}", _tags_of(call, snapshot))]
    if call.action == "CreateImage":
        instance = form.get("InstanceId", "*")
        made = [Need("ec2:CreateImage", f"arn:aws:ec2:{call.region}::{kind}/*", _asked_tags(form)) for kind in ("image", "snapshot")]
        of = Need("ec2:CreateImage", call.arn(f"instance/{instance}"), of_instance(instance))
        return [of, *made, *_tagging(call, "image"), *_tagging(call, "snapshot")]
    if call.action == "DeregisterImage":
        image = form.get("ImageId", "*")
        return [Need("ec2:DeregisterImage", f"arn:aws:ec2:{call.region}::image/{image}", _tags_of(call, image))]
    if call.action == "CreateTags":
        ids = [value for name, value in form.items() if name.startswith("ResourceId")]
        return [Need("ec2:CreateTags", call.arn(f"{_kind(one)}/{one}"), _asked_tags(form) | _tags_of(call, one)) for one in ids]
    return [Need(f"ec2:{call.action}")]


def _launching(call: Call) -> list[Need]:
    from .needs import Need

    form = call.form
    template = next((value for name, value in form.items() if name.endswith("LaunchTemplateId")), "*")
    backend = ec2_backends["123456789012"][call.region]
    arn = call.arn(f"launch-template/{template}")
    context: Context = {"ec2:LaunchTemplate": arn, "ec2:IsLaunchTemplateResource": "true", **_asked_tags(form)}
    known = backend.launch_templates.get(template)
    data = known.latest_version().data if known else {}
    subnets = {value for name, value in form.items() if name.endswith("SubnetId")} or {"*"}
    groups = {value for name, value in form.items() if name.startswith("SecurityGroupId")} or set(data.get("SecurityGroupIds") or ["*"])
    places = (*(f"subnet/{one}" for one in sorted(subnets)), *(f"security-group/{one}" for one in sorted(groups)))
    made = ("instance/*", "volume/*", "network-interface/*", f"launch-template/{template}", *places)
    found = [Need("ec2:RunInstances", call.arn(one), context) for one in made]
    found.append(Need("ec2:RunInstances", f"arn:aws:ec2:{call.region}::image/*", context))
    if call.action == "CreateFleet":
        found.append(Need("ec2:CreateFleet", call.arn("fleet/*"), _asked_tags(form)))
    parameter = parameter_of(data.get("ImageId"))
    if parameter:
        found.append(Need("ssm:GetParameters", f"arn:aws:ssm:{call.region}:123456789012:parameter{parameter}"))
    profile = data.get("IamInstanceProfile") or {}
    found += [
        Need("iam:PassRole", role.arn, {"iam:PassedToService": "ec2.amazonaws.com"})
        for one in _profiles()
        if one.arn == profile.get("Arn") or one.name == profile.get("Name")
        for role in one.roles
    ]
    if "spot" in (form.get("TargetCapacitySpecification.DefaultTargetCapacityType"), form.get("InstanceMarketOptions.MarketType")):
        found.append(Need("ec2:RunInstances", call.arn("spot-instances-request/*"), context))
        found.append(Need("iam:CreateServiceLinkedRole", SPOT_ROLE, {"iam:AWSServiceName": "spot.amazonaws.com"}))
    tagged = {value for name, value in form.items() if re.fullmatch(r"TagSpecification\.\d+\.ResourceType", name)}
    return [*found, *(need for kind in sorted(tagged) for need in _tagging(call, kind))]


def _profiles() -> list[object]:
    from .identity import iam

    return list(iam().instance_profiles.values())


def _tagging(call: Call, kind: str) -> list[Need]:
    from .needs import Need

    tags = _asked_tags(call.form)
    owner = "" if kind in ("image", "snapshot") else "123456789012"
    arn = f"arn:aws:ec2:{call.region}:{owner}:{kind}/*"
    return [Need("ec2:CreateTags", arn, {**tags, "ec2:CreateAction": call.action})] if tags else []


def _asked_tags(form: dict[str, str]) -> Context:
    found: Context = {}
    for name, key in form.items():
        at = re.fullmatch(r"(TagSpecification\.\d+\.Tag\.\d+|Tag\.\d+)\.Key", name)
        if at:
            found[f"aws:RequestTag/{key}"] = form.get(f"{at[1]}.Value", "")
    return found


def of_instance(instance_id: str) -> Context:
    instance = machines.known(instance_id)
    if instance is None:
        return {}
    association = instance.ec2_backend.iam_instance_profile_associations.get(instance_id)
    tags: Context = {f"aws:ResourceTag/{tag['key']}": tag["value"] for tag in instance.get_tags()}
    return tags | ({"ec2:InstanceProfile": association.iam_instance_profile.arn} if association else {})


def _tags_of(call: Call, resource: str) -> Context:
    tags = ec2_backends["123456789012"][call.region].tags.get(resource, {})
    return {f"aws:ResourceTag/{key}": value for key, value in tags.items()}


def _kind(resource: str) -> str:
    kinds = {"i": "instance", "vol": "volume", "snap": "snapshot", "sir": "spot-instances-request"}
    return kinds.get(resource.split("-")[0], "*")
