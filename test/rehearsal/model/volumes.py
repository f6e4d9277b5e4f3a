"""
Volumes, snapshots and tags of running machines: what changes is told to the instance host. Besides, what moto lacks: client tokens
of volumes, disks and snapshots that take their time, may fail in the end and tell so, states that refuse, and how often a disk may be
changed.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AttachVolume.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVolume.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyVolume.html
https://docs.aws.amazon.com/ebs/latest/userguide/ebs-describing-volumes.html#volume-state
https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
https://docs.aws.amazon.com/ebs/latest/userguide/ebs-cloud-watch-events.html#create-snapshot-complete
"""

from __future__ import annotations

import threading
import time
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend
from moto.ec2.models.elastic_block_store import Volume
from moto.ec2.responses.elastic_block_store import ElasticBlockStore

from . import images, machines
from .events import emit
from .faults import of_made
from .places import PLACES, ask_json

SNAPSHOT_SECONDS = 1.0
# A disk that was only just asked for is not known yet to whoever names it, and then is still being made.
UNKNOWN_SECONDS = 0.05
CREATING_SECONDS = 0.2
MODIFYING_SECONDS = 0.2
# "up to four times within a rolling 24-hour period"
MODIFICATIONS = 4
DAY_SECONDS = 86_400
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
        one = next(iter(set(backend.volumes) - before))
        _TOKENS[key] = (asked, one)
        backend.volumes[one].asked_at = time.monotonic()
        backend.volumes[one].failed = of_made("CreateVolume") is not None
        return made


_theirs_create_volume = ElasticBlockStore.create_volume


def _age(volume: Any) -> float:
    """Since somebody asked for it; disks that come with a machine are there at once."""
    return time.monotonic() - float(getattr(volume, "asked_at", float("-inf")))


def _status(volume: Any) -> str:
    if volume.attachment:
        return "in-use"
    if _age(volume) < CREATING_SECONDS:
        return "creating"
    return "error" if getattr(volume, "failed", False) else "available"


def _must_be_known(backend: Any, volume_ids: list[str] | None) -> None:
    for one in volume_ids or []:
        volume = backend.volumes.get(one)
        if volume is not None and _age(volume) < UNKNOWN_SECONDS:
            raise EC2ClientError("InvalidVolume.NotFound", f"The volume '{one}' does not exist.")


def _must_be_modifiable(volume: Any) -> None:
    now = time.monotonic()
    recent = [at for at in getattr(volume, "modified_at", []) if now - at < DAY_SECONDS]
    if recent and now - recent[-1] < MODIFYING_SECONDS:
        raise EC2ClientError("IncorrectModificationState", f"Volume {volume.id} is in the modification state 'modifying'.")
    if len(recent) >= MODIFICATIONS:
        raise EC2ClientError("VolumeModificationRateExceeded", f"Volume {volume.id} was modified {MODIFICATIONS} times in 24 hours.")
    volume.modified_at = [*recent, now]


def _snapshot_is_complete(backend: Any, snapshot: Any, failed: bool) -> None:
    snapshot.status = "error" if failed else "completed"
    arn = f"arn:aws:ec2::{backend.region_name}:snapshot/{snapshot.id}"
    detail = {
        "event": "createSnapshot",
        "result": "failed" if failed else "succeeded",
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
    describe = EC2Backend.describe_volumes
    create, snapshot, modify = EC2Backend.create_volume, EC2Backend.create_snapshot, EC2Backend.modify_volume

    def describe_volumes(backend: Any, volume_ids: list[str] | None = None, filters: Any = None) -> Any:
        _must_be_known(backend, volume_ids)
        return describe(backend, volume_ids, filters)

    def attach_volume(backend: Any, volume_id: str, instance_id: str, *args: Any, **kwargs: Any) -> Any:
        _must_be_known(backend, [volume_id])
        volume, instance = backend.get_volume(volume_id), backend.get_instance(instance_id)
        if volume.attachment is not None:
            raise EC2ClientError("VolumeInUse", f"{volume_id} is already attached to an instance")
        if volume.zone.name != instance._placement.zone:
            message = f"The volume '{volume_id}' is not in the same availability zone as instance '{instance_id}'"
            raise EC2ClientError("InvalidVolume.ZoneMismatch", message)
        if volume.status != "available":
            raise EC2ClientError("IncorrectState", f"Volume '{volume_id}' is '{volume.status}', and not 'available'.")
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
        failed = of_made("CreateSnapshot") is not None
        if PLACES.instances:
            ask_json("PUT", f"{PLACES.instances}/volumes/{made.id}", {"of": volume_id})
        timer = threading.Timer(SNAPSHOT_SECONDS, _snapshot_is_complete, args=(backend, made, failed))
        timer.daemon = True
        timer.start()
        return made

    def modify_volume(backend: Any, volume_id: str, target_size: int | None = None, *args: Any, **kwargs: Any) -> Any:
        volume = backend.get_volume(volume_id)
        if target_size is not None and int(target_size) < int(volume.size):
            raise EC2ClientError("InvalidParameterValue", "New size cannot be smaller than existing size")
        _must_be_modifiable(volume)
        return modify(backend, volume_id, target_size, *args, **kwargs)

    def create_tags(backend: Any, resource_ids: list[str], tags: dict[str, str]) -> Any:
        made = tag(backend, resource_ids, tags)
        for resource in resource_ids:
            instance = machines.known(resource) if PLACES.instances and resource.startswith("i-") else None
            if instance is not None and machines.was_turned_on(instance):
                ask_json("PUT", f"{PLACES.instances}/instances/{resource}/tags", machines.tags_of(instance))
        return made

    Volume.status = property(_status)  # type: ignore[assignment]
    EC2Backend.describe_volumes = describe_volumes  # type: ignore[method-assign]
    EC2Backend.attach_volume = attach_volume  # type: ignore[method-assign]
    EC2Backend.detach_volume = detach_volume  # type: ignore[method-assign]
    EC2Backend.delete_volume = delete_volume  # type: ignore[method-assign]
    EC2Backend.create_volume = create_volume  # type: ignore[method-assign]
    EC2Backend.create_snapshot = create_snapshot  # type: ignore[method-assign]
    EC2Backend.modify_volume = modify_volume  # type: ignore[method-assign]
    EC2Backend.create_tags = create_tags  # type: ignore[method-assign]
    ElasticBlockStore.create_volume = _create_volume_once  # type: ignore[method-assign]
