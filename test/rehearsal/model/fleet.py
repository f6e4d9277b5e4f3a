"""
CreateFleet of type `instant`: candidates in their order, errors per pool, and the client token, none of which moto has.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateFleet.html
https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html
"""

from __future__ import annotations

import json
import threading
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS
from moto.ec2.responses.fleets import Fleets
from moto.ec2.utils import convert_tag_spec, random_fleet_id

from .faults import Fault, of_pool

ASKED = (
    "LaunchTemplateConfigs",
    "TargetCapacitySpecification",
    "SpotOptions",
    "OnDemandOptions",
    "TagSpecifications",
    "Type",
)
Tags = dict[str, dict[str, str]]
_LOCK = threading.Lock()
_TOKENS: dict[tuple[str, str, str], tuple[str, dict[str, Any]]] = {}


def create_fleet(response: Fleets) -> ActionResult:
    ask = {name: response._get_param(name) for name in ASKED}
    response.error_on_dryrun()
    if ask["Type"] != "instant":
        raise EC2ClientError("InvalidParameterValue", "the rehearsal has instant fleets alone")
    token = response._get_param("ClientToken")
    # One at a time: the same token twice at once is one fleet.
    with _LOCK:
        return ActionResult(_once(response, token, ask))


def _once(response: Fleets, token: str | None, ask: dict[str, Any]) -> dict[str, Any]:
    if not token:
        return _launch(response.ec2_backend, ask)
    key = (response.current_account, response.region, token)
    frozen = json.dumps(ask, sort_keys=True, default=str)
    known = _TOKENS.get(key)
    if known is None:
        known = _TOKENS[key] = (frozen, _launch(response.ec2_backend, ask))
    if known[0] != frozen:
        raise EC2ClientError(
            "IdempotentParameterMismatch",
            f"The client token {token} was already used with other parameters in an earlier request.",
        )
    return known[1]


def _launch(backend: Any, ask: dict[str, Any]) -> dict[str, Any]:
    target = ask["TargetCapacitySpecification"] or {}
    missing = int(target.get("TotalTargetCapacity", 0))
    lifecycle = target.get("DefaultTargetCapacityType", "on-demand")
    options = ask["SpotOptions" if lifecycle == "spot" else "OnDemandOptions"] or {}
    fleet = random_fleet_id()
    answer: dict[str, Any] = {"FleetId": fleet, "Errors": [], "Instances": []}
    asked = convert_tag_spec(ask["TagSpecifications"] or [])
    tags = {"instance": asked.get("instance", {}) | {"aws:ec2:fleet-id": fleet}, "volume": asked.get("volume", {})}
    for template, override in _candidates(ask["LaunchTemplateConfigs"] or [], options.get("AllocationStrategy", "")):
        if missing <= 0:
            break
        used = {"LaunchTemplateSpecification": template, "Overrides": override}
        described = {"LaunchTemplateAndOverrides": used, "Lifecycle": lifecycle}
        subnet = backend.get_subnet(override["SubnetId"]) if override.get("SubnetId") else None
        zone = subnet.availability_zone if subnet else override.get("AvailabilityZone", f"{backend.region_name}a")
        kind = override.get("InstanceType", "")
        fault = of_pool("CreateFleet", zone, kind, lifecycle) or _not_sold(backend.region_name, zone, kind)
        if fault is not None:
            answer["Errors"].append(described | {"ErrorCode": fault.code, "ErrorMessage": fault.message})
            continue
        instances = [_run(backend, template, override, zone, lifecycle, tags) for _ in range(missing)]
        missing = 0
        answer["Instances"].append(
            described | {"InstanceIds": [i.id for i in instances], "InstanceType": instances[0].instance_type}
        )
    return answer


def _not_sold(region: str, zone: str, kind: str) -> Fault | None:
    """There are zones that lack a type for good: us-east-1e."""
    offered = INSTANCE_TYPE_OFFERINGS["availability-zone"].get(region, [])
    if not kind or any(one["InstanceType"] == kind and one["Location"] == zone for one in offered):
        return None
    message = f"Your requested instance type ({kind}) is not supported in your requested Availability Zone ({zone})."
    return Fault("InvalidFleetConfiguration", message=message)


def _candidates(configs: list[dict[str, Any]], strategy: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    pairs = [(c["LaunchTemplateSpecification"], dict(o)) for c in configs for o in (c.get("Overrides") or [{}])]
    # Where no priority orders them, the order is AWS's own affair; here it is the request's.
    if strategy in ("prioritized", "capacity-optimized-prioritized"):
        pairs.sort(key=lambda pair: float(pair[1].get("Priority", "inf")))
    return pairs


def _run(backend: Any, template: dict[str, Any], override: dict[str, Any], zone: str, lifecycle: str, tags: Tags) -> Any:
    data = backend._get_template_from_args(template).data
    interface = (data.get("NetworkInterfaces") or [{}])[0]
    groups = data.get("SecurityGroupIds") or interface.get("Groups") or []
    reservation = backend.run_instances(
        override.get("ImageId") or data["ImageId"],
        1,
        data.get("UserData"),
        [],
        instance_type=override.get("InstanceType") or data["InstanceType"],
        is_instance_type_default=False,
        region_name=backend.region_name,
        placement=None if override.get("SubnetId") else zone,
        subnet_id=override.get("SubnetId"),
        security_group_ids=list(groups),
        associate_public_ip=interface.get("AssociatePublicIpAddress"),
        launch_template=template,
        block_device_mappings=data.get("BlockDeviceMappings") or [],
        metadata_options=data.get("MetadataOptions") or {},
        instance_initiated_shutdown_behavior=data.get("InstanceInitiatedShutdownBehavior"),
        lifecycle="spot" if lifecycle == "spot" else None,
        tags=tags,
    )
    return reservation.instances[0]


def install() -> None:
    Fleets.create_fleet = create_fleet  # type: ignore[method-assign]
