"""
Volumes and tags of running machines: what changes is told to the instance host.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AttachVolume.html
"""

from __future__ import annotations

from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend

from . import machines
from .places import PLACES, ask_json


def install() -> None:
    attach, detach, delete, tag = (
        EC2Backend.attach_volume,
        EC2Backend.detach_volume,
        EC2Backend.delete_volume,
        EC2Backend.create_tags,
    )

    def attach_volume(backend: Any, volume_id: str, instance_id: str, *args: Any, **kwargs: Any) -> Any:
        volume, instance = backend.get_volume(volume_id), backend.get_instance(instance_id)
        if volume.attachment is not None:
            raise EC2ClientError("VolumeInUse", f"{volume_id} is already attached to an instance")
        if volume.zone.name != instance._placement.zone:
            message = f"The volume '{volume_id}' is not in the same availability zone as instance '{instance_id}'"
            raise EC2ClientError("InvalidVolume.ZoneMismatch", message)
        if instance.state not in ("running", "stopped"):
            raise EC2ClientError("IncorrectState", f"Instance '{instance_id}' is not 'running'.")
        made = attach(backend, volume_id, instance_id, *args, **kwargs)
        # While it is being launched, what it gets is its root disk: the host has one for every machine.
        if PLACES.instances and machines.was_turned_on(instance):
            ask_json("PUT", f"{PLACES.instances}/instances/{instance_id}/volumes/{volume_id}", {"gib": int(volume.size)})
        return made

    def detach_volume(backend: Any, volume_id: str, instance_id: str, *args: Any, **kwargs: Any) -> Any:
        gone = detach(backend, volume_id, instance_id, *args, **kwargs)
        if PLACES.instances:
            ask_json("DELETE", f"{PLACES.instances}/instances/{instance_id}/volumes/{volume_id}")
        return gone

    def delete_volume(backend: Any, volume_id: str) -> Any:
        gone = delete(backend, volume_id)
        if PLACES.instances:
            ask_json("DELETE", f"{PLACES.instances}/volumes/{volume_id}")
        return gone

    def create_tags(backend: Any, resource_ids: list[str], tags: dict[str, str]) -> Any:
        made = tag(backend, resource_ids, tags)
        for resource in resource_ids:
            instance = machines.known(resource) if PLACES.instances and resource.startswith("i-") else None
            if instance is not None and machines.was_turned_on(instance):
                ask_json("PUT", f"{PLACES.instances}/instances/{resource}/tags", machines.tags_of(instance))
        return made

    EC2Backend.attach_volume = attach_volume  # type: ignore[method-assign]
    EC2Backend.detach_volume = detach_volume  # type: ignore[method-assign]
    EC2Backend.delete_volume = delete_volume  # type: ignore[method-assign]
    EC2Backend.create_tags = create_tags  # type: ignore[method-assign]
