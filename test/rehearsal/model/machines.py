"""
What an instance goes through: moto's is running at once; ours is pending until the instance host says otherwise, and its
changes are events.
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-instance-state-changes.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html
"""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import Any

from moto.ec2.models import EC2Backend, ec2_backends
from moto.ec2.models.instances import Instance, InstanceBackend, InstanceState, StateReason
from moto.ec2.utils import filter_dict_attribute_mapping

from . import images
from .events import emit
from .places import PLACES, ask_json

CODES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64, "stopped": 80}
REASONS = {
    "user-initiated": ("Client.UserInitiatedShutdown", "Client.UserInitiatedShutdown: User initiated shutdown"),
    "instance-initiated": ("Client.InstanceInitiatedShutdown", "Client.InstanceInitiatedShutdown: Instance initiated shutdown"),
    "power-loss": ("Server.InternalError", "Server.InternalError: Internal error on launch"),
    "spot": ("Server.SpotInstanceTermination", "Server.SpotInstanceTermination: Spot instance termination"),
    "capacity": ("Server.InsufficientInstanceCapacity", "Server.InsufficientInstanceCapacity: insufficient capacity"),
}
_theirs_terminate = Instance.terminate
# The instances that a call launched: they are turned on when its answer is complete, with tags and role.
_LAUNCHED = threading.local()


def known(instance_id: str) -> Instance | None:
    """None also for one that is only being made."""
    for regions in list(ec2_backends.values()):
        for backend in list(regions.values()):
            for instance in backend.all_instances():
                if instance.id == instance_id:
                    return instance
    return None


def find(instance_id: str) -> Instance:
    instance = known(instance_id)
    if instance is None:
        raise KeyError(instance_id)
    return instance


def move(instance: Instance, state: str) -> None:
    instance._state = InstanceState(state, CODES[state])
    backend: EC2Backend = instance.ec2_backend
    arn = f"arn:aws:ec2:{backend.region_name}:{backend.account_id}:instance/{instance.id}"
    detail = {"instance-id": instance.id, "state": state}
    emit(backend.account_id, backend.region_name, "aws.ec2", "EC2 Instance State-change Notification", detail, [arn])


def finish(instance: Instance, why: str) -> None:
    if instance.state == "terminated":
        return
    _theirs_terminate(instance)
    code, message = REASONS[why]
    instance.state_reason = StateReason(message, code)
    move(instance, "terminated")


def terminate(instance: Instance) -> InstanceState:
    before = InstanceState(instance.state, instance.state_code)
    if instance.state in ("shutting-down", "terminated"):
        return before
    is_stopped = instance.state == "stopped"
    move(instance, "shutting-down")
    if PLACES.instances and not is_stopped:
        ask_json("DELETE", f"{PLACES.instances}/instances/{instance.id}")
    else:
        finish(instance, "user-initiated")
    return before


def interrupt(instance: Instance, seconds: float, action: str = "terminate") -> None:
    """The two-minute notice, to the machine and to EventBridge; what ends it after `seconds` is `reclaim`."""
    backend: EC2Backend = instance.ec2_backend
    if PLACES.instances:
        ask_json("PUT", f"{PLACES.instances}/instances/{instance.id}/spot", {"seconds": seconds, "action": action})
    detail = {"instance-id": instance.id, "instance-action": action}
    arn = f"arn:aws:ec2:{instance._placement.zone}:instance/{instance.id}"
    emit(backend.account_id, backend.region_name, "aws.ec2", "EC2 Spot Instance Interruption Warning", detail, [arn])
    timer = threading.Timer(seconds, reclaim, args=(instance, "spot"))
    timer.daemon = True
    timer.start()


def rebalance(instance: Instance) -> None:
    backend: EC2Backend = instance.ec2_backend
    if PLACES.instances:
        ask_json("PUT", f"{PLACES.instances}/instances/{instance.id}/rebalance")
    arn = f"arn:aws:ec2:{instance._placement.zone}:instance/{instance.id}"
    detail = {"instance-id": instance.id}
    emit(backend.account_id, backend.region_name, "aws.ec2", "EC2 Instance Rebalance Recommendation", detail, [arn])


def reclaim(instance: Instance, why: str) -> None:
    """AWS takes the machine; nobody asked it to."""
    if instance.state in ("shutting-down", "terminated"):
        return
    instance.ended_by = why  # type: ignore[attr-defined]
    code, message = REASONS[why]
    instance.state_reason = StateReason(message, code)
    move(instance, "shutting-down")
    if PLACES.instances:
        ask_json("POST", f"{PLACES.instances}/instances/{instance.id}/kill")
    else:
        finish(instance, why)


def is_off(instance: Instance, why: str, console: str = "") -> None:
    """The instance host's word that a machine is off, and by whom; what AWS ended keeps AWS's reason."""
    instance.console = console  # type: ignore[attr-defined]
    instance.console_at = time.monotonic()  # type: ignore[attr-defined]
    if why == "instance-initiated" and instance.instance_initiated_shutdown_behavior == "stop":
        code, message = REASONS[why]
        instance.state_reason = StateReason(message, code)
        move(instance, "stopped")
        return
    if instance.state == "running":
        move(instance, "shutting-down")
    finish(instance, getattr(instance, "ended_by", why))


def age(instance: Instance, seconds: float) -> None:
    """As if it had been launched so much earlier."""
    instance.launch_time -= timedelta(seconds=seconds)


def turn_on_launched() -> None:
    launched: list[Instance] = getattr(_LAUNCHED, "instances", [])
    _LAUNCHED.instances = []
    for instance in launched:
        if PLACES.instances:
            threading.Thread(target=_boot, args=(instance,), daemon=True).start()
        else:
            move(instance, "running")


def _boot(instance: Instance) -> None:
    try:
        told = ask_json("POST", f"{PLACES.instances}/instances", launch_of(instance)) or {}
        instance.rehearsed_address = told.get("privateIp")  # type: ignore[attr-defined]
    except (RuntimeError, OSError) as error:
        print(f"{instance.id} could not be turned on: {error}", flush=True)
        finish(instance, "power-loss")
        return
    if instance.state == "pending":
        instance.turned_on = True  # type: ignore[attr-defined]
        move(instance, "running")


def address_of(instance: Instance) -> str | None:
    """Where its machine is; moto's own address is nobody's."""
    return getattr(instance, "rehearsed_address", None)


def was_turned_on(instance: Instance) -> bool:
    return bool(getattr(instance, "turned_on", False))


def launch_of(instance: Instance) -> dict[str, Any]:
    """What the instance host is told: see `Launch` in instances-launch.ts."""
    from .instance_connect import open_ports

    backend: EC2Backend = instance.ec2_backend
    association = backend.iam_instance_profile_associations.get(instance.id)
    roles = association.iam_instance_profile.roles if association else []
    told = {
        "id": instance.id,
        "type": instance.instance_type,
        "zone": instance._placement.zone,
        "userData": str(instance.user_data) if instance.user_data else None,
        "tags": tags_of(instance),
        "roleArn": roles[0].arn if roles else None,
        "imageId": instance.image_id,
        "account": backend.account_id,
        "architecture": "arm64" if instance.architecture == "arm64" else "x86_64",
        "lifecycle": instance.lifecycle or "on-demand",
        "metadataTags": instance.metadata_options.instance_metadata_tags == "enabled",
        "hopLimit": instance.metadata_options.http_put_response_hop_limit,
        "openPorts": open_ports(instance),
        "volumes": [],
        "keepsDisk": instance.instance_initiated_shutdown_behavior == "stop",
    }
    return {name: value for name, value in told.items() if value is not None}


def tags_of(instance: Instance) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in instance.get_tags() if not tag["key"].startswith("aws:")}


def _profile_arn(instance: Instance) -> str | None:
    association = instance.ec2_backend.iam_instance_profile_associations.get(instance.id)
    return association.iam_instance_profile.arn if association else None


def install() -> None:
    # Filters of DescribeInstances that moto lacks.
    Instance.profile_arn = property(_profile_arn)  # type: ignore[attr-defined]
    filter_dict_attribute_mapping["iam-instance-profile.arn"] = "profile_arn"
    filter_dict_attribute_mapping["instance-lifecycle"] = "lifecycle"
    theirs = InstanceBackend.run_instances

    def run_instances(backend: Any, image: str | None, count: int, user_data: Any, groups: list[str], **kwargs: Any) -> Any:
        # What moto does not take from a launch template.
        template = kwargs.get("launch_template")
        data = backend._get_template_from_args(template).data if template else {}
        kwargs["metadata_options"] = kwargs.get("metadata_options") or data.get("MetadataOptions") or {}
        behavior = kwargs.get("instance_initiated_shutdown_behavior") or data.get("InstanceInitiatedShutdownBehavior")
        kwargs["instance_initiated_shutdown_behavior"] = behavior
        reservation = theirs(backend, images.resolved(backend, image or data.get("ImageId")), count, user_data, groups, **kwargs)
        profile = data.get("IamInstanceProfile") or {}
        for instance in reservation.instances:
            move(instance, "pending")
            if profile:
                backend.associate_iam_instance_profile(
                    instance.id, iam_instance_profile_name=profile.get("Name"), iam_instance_profile_arn=profile.get("Arn")
                )
        _LAUNCHED.instances = getattr(_LAUNCHED, "instances", []) + reservation.instances
        return reservation

    # The backend inherits it, so that is where it is replaced.
    InstanceBackend.run_instances = run_instances  # type: ignore[method-assign]
    Instance.terminate = terminate  # type: ignore[method-assign]
