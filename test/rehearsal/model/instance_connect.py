"""
EC2 Instance Connect and its endpoint: keys that are pushed to instances, and who may open a tunnel to what. The tunnels themselves are
in tunnels.ts.
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/connect-with-ec2-instance-connect-endpoint.html
https://docs.aws.amazon.com/ec2-instance-connect/latest/APIReference/API_SendSSHPublicKey.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2instanceconnect.html
"""

from __future__ import annotations

import json
import re
from typing import Any, ClassVar
from urllib.parse import parse_qs

from moto.core.common_models import CloudFormationModel
from moto.ec2.models import ec2_backends
from moto.ec2.models.instances import Instance
from moto.moto_api._internal import mock_random
from werkzeug.wrappers import Response

from . import machines
from .deployed import Deployed
from .identity import principal_of
from .places import PLACES, ask_json
from .policies import allows
from .refusals import REQUEST_ID, refusal
from .signature import BadSignature, Signed, verify

SERVICE = "ec2-instance-connect"
PORTS = (22, 3389)
LONGEST_SECONDS = 3600
PUBLIC_KEY = re.compile(r"(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp\d+) [A-Za-z0-9+/=]+( .*)?\s*")
USER = re.compile(r"[A-Za-z_][A-Za-z0-9_.@-]{0,30}\$?")


class Endpoint(Deployed, CloudFormationModel):
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-instanceconnectendpoint.html"""

    all: ClassVar[dict[str, Endpoint]] = {}

    def __init__(self, properties: dict[str, Any], account: str, region: str) -> None:
        self.id = f"eice-{mock_random.get_random_hex(17)}"
        self.account = account
        self.region = region
        self.subnet = properties["SubnetId"]
        self.groups: list[str] = list(properties.get("SecurityGroupIds") or [])
        Endpoint.all[self.id] = self

    @property
    def physical_resource_id(self) -> str:
        return self.id

    @property
    def arn(self) -> str:
        return f"arn:aws:ec2:{self.region}:{self.account}:instance-connect-endpoint/{self.id}"

    @property
    def dns_name(self) -> str:
        # AWS's would be eice-….ec2-instance-connect-endpoint.<region>.amazonaws.com; ours has a port.
        return PLACES.tunnels

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::EC2::InstanceConnectEndpoint"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr in ("Id", "InstanceConnectEndpointArn", "State")

    def get_cfn_attribute(self, attribute_name: str) -> str:
        return {"Id": self.id, "InstanceConnectEndpointArn": self.arn, "State": "create-complete"}[attribute_name]

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: dict[str, Any], account_id: str, region_name: str, **kwargs: Any
    ) -> Endpoint:
        return cls(cloudformation_json["Properties"], account_id, region_name)

    def delete(self, account_id: str, region_name: str) -> None:
        Endpoint.all.pop(self.id, None)


def answered(service: str, action: str, environ: dict[str, Any], body: bytes, key: str) -> Response | None:
    """The calls that moto lacks, or that do nothing there."""
    if (service, action) == ("ec2", "DescribeInstanceConnectEndpoints"):
        return _described({name: values[0] for name, values in parse_qs(body.decode()).items()})
    if (service, action) == (SERVICE, "SendSSHPublicKey"):
        return _pushed(json.loads(body or b"{}"), key)
    return None


def _described(form: dict[str, str]) -> Response:
    wanted = [value for name, value in form.items() if name.startswith("InstanceConnectEndpointId.")]
    missing = [one for one in wanted if one not in Endpoint.all]
    if missing:
        message = f"The instance connect endpoint ID '{missing[0]}' does not exist"
        return refusal("ec2", "InvalidInstanceConnectEndpointId.NotFound", message, 400)
    items = "".join(_item(one) for one in Endpoint.all.values() if not wanted or one.id in wanted)
    text = f"<instanceConnectEndpointSet>{items}</instanceConnectEndpointSet>"
    name = "DescribeInstanceConnectEndpointsResponse"
    return Response(f"<{name}><requestId>{REQUEST_ID}</requestId>{text}</{name}>", 200, mimetype="text/xml")


def _item(one: Endpoint) -> str:
    about = {
        "instanceConnectEndpointId": one.id,
        "instanceConnectEndpointArn": one.arn,
        "state": "create-complete",
        "dnsName": one.dns_name,
        "subnetId": one.subnet,
    }
    return "<item>" + "".join(f"<{name}>{value}</{name}>" for name, value in about.items()) + "</item>"


def _pushed(ask: dict[str, str], access_key: str) -> Response:
    instance = machines.known(ask.get("InstanceId", ""))
    if instance is None:
        return refusal(SERVICE, "EC2InstanceNotFoundException", "The specified instance was not found.", 400)
    if instance.state != "running":
        return refusal(SERVICE, "EC2InstanceStateInvalidException", f"The instance is {instance.state}.", 400)
    user, key = ask.get("InstanceOSUser", ""), ask.get("SSHPublicKey", "")
    if not USER.fullmatch(user) or not PUBLIC_KEY.fullmatch(key):
        return refusal(SERVICE, "InvalidArgsException", "One of the parameters is not valid.", 400)
    who = principal_of(access_key)
    request = str(mock_random.uuid4())
    told = {"user": user, "key": key.strip(), "request": request, "caller": who.arn if who else "anonymous"}
    if PLACES.instances:
        ask_json("PUT", f"{PLACES.instances}/instances/{instance.id}/ssh-keys", told)
    body = json.dumps({"RequestId": request, "Success": True})
    return Response(body, 200, {"content-type": "application/x-amz-json-1.1"})


def tunnel(ask: dict[str, Any]) -> dict[str, Any]:
    """Whether a tunnel is opened, and where to; `status` is the one of the refused handshake."""
    signed = Signed("GET", ask["rawPath"], ask["rawQuery"], ask["headers"], ask["bodySha256"])
    query = {name: values[0] for name, values in parse_qs(ask["rawQuery"]).items()}
    try:
        who = verify(signed)
    except BadSignature as bad:
        return _refused(403, bad.code, bad.message)
    scope = query.get("X-Amz-Credential", "").split("/")
    endpoint = Endpoint.all.get(query.get("instanceConnectEndpointId", ""))
    if ask["rawPath"] != "/openTunnel" or endpoint is None:
        return _refused(404, "ResourceNotFoundException", "The instance connect endpoint was not found.")
    if scope[2:4] != [endpoint.region, SERVICE]:
        return _refused(403, "InvalidSignatureException", f"Credential should be scoped to {endpoint.region} and {SERVICE}.")
    address, port = query.get("privateIpAddress", ""), int(query.get("remotePort", "0"))
    seconds = int(query.get("maxTunnelDuration", LONGEST_SECONDS))
    if port not in PORTS or not 1 <= seconds <= LONGEST_SECONDS:
        return _refused(400, "ValidationException", "The remote port or the tunnel's duration is not valid.")
    context = {
        f"{SERVICE}:remotePort": str(port),
        f"{SERVICE}:privateIpAddress": address,
        f"{SERVICE}:maxTunnelDuration": str(seconds),
    }
    if not allows(who, f"{SERVICE}:OpenTunnel", endpoint.arn, dict(context)):
        message = f"User: {who.arn} is not authorized to perform: {SERVICE}:OpenTunnel on resource: {endpoint.arn}"
        return _refused(403, "AccessDeniedException", message)
    instance = _at(address)
    # A packet that no group lets through is lost: AWS's tunnel opens, and ends without a byte.
    reached = instance is not None and port in open_ports(instance)
    return {"allowed": True, "endpoint": endpoint.id, "address": address, "port": port, "seconds": seconds, "reached": reached}


def _refused(status: int, code: str, message: str) -> dict[str, Any]:
    return {"allowed": False, "status": status, "code": code, "message": message}


def _at(address: str) -> Instance | None:
    for regions in list(ec2_backends.values()):
        for backend in list(regions.values()):
            for instance in backend.all_instances():
                if machines.address_of(instance) == address and instance.state == "running":
                    return instance
    return None


def open_ports(instance: Instance) -> list[int]:
    """Those that the groups of the instance let an endpoint reach, and the endpoint's own groups let it reach."""
    theirs = [group for group in instance.security_groups if not isinstance(group, str)]
    ids = {group.id for group in theirs}
    return [
        port
        for port in PORTS
        if any(
            any(_lets(rule, port, set(one.groups)) for group in theirs for rule in group.ingress_rules)
            and any(_lets(rule, port, ids) for group in _groups(one) for rule in group.egress_rules)
            for one in Endpoint.all.values()
        )
    ]


def _groups(endpoint: Endpoint) -> list[Any]:
    backend = ec2_backends[endpoint.account][endpoint.region]
    return [group for group in (backend.get_security_group_from_id(one) for one in endpoint.groups) if group]


def _lets(rule: Any, port: int, others: set[str]) -> bool:
    source = rule.source_group.get("GroupId") if rule.source_group else None
    named = source in others if source else bool(rule.cidr_ipv4)
    within = rule.ip_protocol == "-1" or (rule.ip_protocol == "tcp" and rule.from_port <= port <= rule.to_port)
    return bool(named and within)

