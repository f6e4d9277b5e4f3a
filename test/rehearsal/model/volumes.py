"""
Volumes, snapshots and tags of running machines: what changes is told to the instance host. Besides, what moto lacks: client tokens
of volumes, snapshots that take their time and tell when they are complete, and states that refuse.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AttachVolume.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVolume.html
https://docs.aws.amazon.com/ebs/latest/userguide/ebs-cloud-watch-events.html#create-snapshot-complete
"""

from __future__ import annotations

import threading
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend
from moto.ec2.responses.elastic_block_store import ElasticBlockStore

from . import images, machines
from .events import emit
from .places import PLACES, ask_json

SNAPSHOT_SECONDS = 1.0
_LOCK = threading.Lock()
# By account, region and client token: what was asked for, and the volume that it gave.
_TOKENS: dict[tuple[str, str, str], tuple[tuple[Any, ...], str]] = {}


def _create_volume_once(response: ElasticBlockStore) -> ActionResult:
    """The same token gives the same volume, as it is now; with other parameters it is refused."""
    token = response._get_param("ClientToken")
    backend = response.ec2_backend
    if not token:
        return _theirs_create_volume(response)
    key = (response.current_account, response.region, token)
    asked = tuple(response._get_param(name) for name in ("Size", "AvailabilityZone", "SnapshotId", "VolumeType"))
    with _LOCK:
        known = _TOKENS.get(key)
        if known is not None and known[0] != asked:
            raise EC2ClientError("IdempotentParameterMismatch", f"Client token {token} was used with other parameters.")
        if known is not None and known[1] in backend.volumes:
            return ActionResult(backend.volumes[known[1]])
        before = set(backend.volumes)
        made = _theirs_create_volume(response)
        _TOKENS[key] = (asked, next(iter(set(backend.volumes) - before)))
        return made


_theirs_create_volume = ElasticBlockStore.create_volume


def _snapshot_is_complete(backend: Any, snapshot: Any) -> None:
    snapshot.status = "completed"
    arn = f"arn:aws:ec2::{backend.region_name}:snapshot/{snapshot.id}"
    detail = {
        "event": "createSnapshot",
        "result": "succeeded",
        "cause": "",
        "snapshot_id": arn,
        "source": f"arn:aws:ec2::{backend.region_name}:volume/{snapshot.volume.id}",
    }
    emit(backend.account_id, backend.region_name, "aws.ec2", "EBS Snapshot Notification", detail, [arn])


def install() -> None:
    attach, detach, delete, tag = (
        EC2Backend.attach_volume,
        EC2Backend.detach_volume,
        EC2Backend.delete_volume,
        EC2Backend.create_tags,
    )
    create, snapshot, modify = EC2Backend.create_volume, EC2Backend.create_snapshot, EC2Backend.modify_volume

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
        # What an image is made of is no disk that anybody has.
        if PLACES.instances and not images.is_making():
            ask_json("DELETE", f"{PLACES.instances}/volumes/{volume_id}")
        return gone

    def create_volume(backend: Any, *args: Any, **kwargs: Any) -> Any:
        source = kwargs.get("snapshot_id")
        known = backend.snapshots.get(source) if source else None
        if known is not None and known.status != "completed":
            raise EC2ClientError("IncorrectState", f"Snapshot is in invalid state - {known.status}")
        made = create(backend, *args, **kwargs)
        if source and PLACES.instances:
            ask_json("PUT", f"{PLACES.instances}/volumes/{made.id}", {"of": source})
        return made

    def create_snapshot(backend: Any, volume_id: str, description: str, *args: Any, **kwargs: Any) -> Any:
        made = snapshot(backend, volume_id, description, *args, **kwargs)
        # Of a disk that an image brings: complete, and nobody is told.
        if kwargs.get("from_ami"):
            return made
        made.status = "pending"
        if PLACES.instances:
            ask_json("PUT", f"{PLACES.instances}/volumes/{made.id}", {"of": volume_id})
        timer = threading.Timer(SNAPSHOT_SECONDS, _snapshot_is_complete, args=(backend, made))
        timer.daemon = True
        timer.start()
        return made

    def modify_volume(backend: Any, volume_id: str, target_size: int | None = None, *args: Any, **kwargs: Any) -> Any:
        volume = backend.get_volume(volume_id)
        if target_size is not None and int(target_size) < int(volume.size):
            raise EC2ClientError("InvalidParameterValue", "New size cannot be smaller than existing size")
        return modify(backend, volume_id, target_size, *args, **kwargs)

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
    EC2Backend.create_volume = create_volume  # type: ignore[method-assign]
    EC2Backend.create_snapshot = create_snapshot  # type: ignore[method-assign]
    EC2Backend.modify_volume = modify_volume  # type: ignore[method-assign]
    EC2Backend.create_tags = create_tags  # type: ignore[method-assign]
    ElasticBlockStore.create_volume = _create_volume_once  # type: ignore[method-assign]
