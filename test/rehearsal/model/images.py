"""
Images: made of a stopped machine's disk by the instance host, named by a parameter at launch; and what a machine wrote to its console.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateImage.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-systems-manager-parameter-to-find-AMI.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetConsoleOutput.html
"""

from __future__ import annotations

import base64
import threading
import time
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ec2.models.amis import AmiBackend
from moto.ec2.responses.general import General
from moto.ssm.models import ssm_backends

from .places import PLACES, ask_json

BY_PARAMETER = "resolve:ssm:"
OF_IMAGES = "aws:ec2:image"
CONSOLE_BYTES = 65_536
# "posted shortly after an instance transition state": until then it is what was posted when the machine had started.
CONSOLE_SECONDS = 5.0
AT_START = "[    0.000000] Linux version 6.1.0-cloud\n"
# While this thread makes one: moto makes and deletes a volume for it.
_MAKING = threading.local()


def is_making() -> bool:
    return bool(getattr(_MAKING, "on", False))


def parameter_of(image: str | None) -> str | None:
    return image.removeprefix(BY_PARAMETER) if image and image.startswith(BY_PARAMETER) else None


def resolved(backend: Any, image: str | None) -> str:
    name = parameter_of(image)
    if name is None:
        return str(image)
    found = ssm_backends[backend.account_id][backend.region_name].get_parameter(name)
    if found is None:
        from moto.ec2.exceptions import EC2ClientError

        raise EC2ClientError("InvalidParameterValue", f"Systems Manager parameter {name} could not be resolved")
    # A public one is an image's, too; moto does not say so of those.
    if found.data_type != OF_IMAGES and not name.startswith("/aws/service/"):
        from moto.ec2.exceptions import EC2ClientError

        raise EC2ClientError("InvalidParameterValue", f"Systems Manager parameter {name} is not of the data type {OF_IMAGES}")
    return str(found.value)


def get_console_output(response: General) -> ActionResult:
    instance = response.ec2_backend.get_instance(response._get_param("InstanceId"))
    is_posted = time.monotonic() - getattr(instance, "console_at", 0.0) >= CONSOLE_SECONDS
    text = (getattr(instance, "console", "") if is_posted else AT_START).encode()[-CONSOLE_BYTES:]
    output = base64.b64encode(text).decode()
    return ActionResult({"InstanceId": instance.id, "Timestamp": utcnow(), "Output": output})


def install() -> None:
    theirs = AmiBackend.create_image

    def create_image(backend: Any, instance_id: str, name: str, description: str, tag_specifications: list[dict[str, Any]]) -> Any:
        if any(image.name == name for image in backend.amis.values()):
            from moto.ec2.exceptions import EC2ClientError

            raise EC2ClientError("InvalidAMIName.Duplicate", f"AMI name {name} is already in use by another AMI")
        of_image = [one for one in tag_specifications if one["ResourceType"] == "image"]
        _MAKING.on = True
        try:
            image = theirs(backend, instance_id, name, description, of_image)
        finally:
            _MAKING.on = False
        for one in tag_specifications:
            if one["ResourceType"] == "snapshot":
                image.ebs_snapshot.add_tags({tag["Key"]: tag["Value"] for tag in one["Tags"]})
        if PLACES.instances:
            ask_json("PUT", f"{PLACES.instances}/images/{image.id}", {"of": instance_id})
        return image

    AmiBackend.create_image = create_image  # type: ignore[method-assign]
    General.get_console_output = get_console_output  # type: ignore[method-assign]
