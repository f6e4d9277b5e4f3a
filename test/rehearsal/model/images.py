"""
Images: made of a stopped machine's disk by the instance host, named by a parameter at launch; and what a machine wrote to its console.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateImage.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-systems-manager-parameter-to-find-AMI.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetConsoleOutput.html
"""

from __future__ import annotations

import base64
import threading
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ec2.models.amis import AmiBackend
from moto.ec2.responses.general import General
from moto.ssm.models import ssm_backends

from .places import PLACES, ask_json

BY_PARAMETER = "resolve:ssm:"
CONSOLE_BYTES = 65_536
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
    return str(found.value)


def get_console_output(response: General) -> ActionResult:
    instance = response.ec2_backend.get_instance(response._get_param("InstanceId"))
    text = getattr(instance, "console", "").encode()[-CONSOLE_BYTES:]
    output = base64.b64encode(text).decode()
    return ActionResult({"InstanceId": instance.id, "Timestamp": utcnow(), "Output": output})


def install() -> None:
    theirs = AmiBackend.create_image

    def create_image(backend: Any, instance_id: str, name: str, description: str, tag_specifications: list[dict[str, Any]]) -> Any:
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
