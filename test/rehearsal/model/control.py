"""What the rehearsal itself asks, under `/_rehearsal/`; no AWS client ever comes here."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.utils import utcnow
from moto.ec2.models import ec2_backends
from moto.sns.models import sns_backends
from werkzeug.wrappers import Request, Response

from . import calls, enforcement, events, faults, functions, gateway, identity, instance_connect, machines, prices, resources, state_machines
from .policies import allows
from .places import PLACES
from .signature import BadSignature, Signed, verify

Handler = Callable[[dict[str, Any], list[str]], Any]


def _authorize(ask: dict[str, Any], _: list[str]) -> Any:
    """The front's question: who is this, and may they? Both answers are AWS's to give, so they are given here."""
    signed = Signed(ask["method"], ask["rawPath"], ask["rawQuery"], ask["headers"], ask["bodySha256"])
    try:
        who = verify(signed)
    except BadSignature as bad:
        return {"allowed": False, "code": bad.code, "message": bad.message}
    if not allows(who, ask["action"], ask["resource"]):
        return {"allowed": False, "code": "AccessDenied", "message": f"{who.arn} may not {ask['action']} on {ask['resource']}"}
    known = {
        "accessKey": who.access_key,
        "accountId": who.account,
        "callerId": who.user_id,
        "userArn": who.arn,
        "userId": who.user_id,
    }
    return {"allowed": True, "identity": known}


def _instances(_: dict[str, Any], __: list[str]) -> Any:
    found = []
    for regions in list(ec2_backends.values()):
        for backend in list(regions.values()):
            for instance in backend.all_instances():
                reason = instance.state_reason.code
                found.append(machines.launch_of(instance) | {"state": instance.state, "reason": reason})
    return found


def _interrupt(ask: dict[str, Any], path: list[str]) -> None:
    machines.interrupt(machines.find(path[0]), float(ask.get("seconds", 120)), ask.get("action", "terminate"))


def _who(access_key: str) -> str:
    if not access_key:
        return "anonymous"
    principal = identity.principal_of(access_key)
    return principal.arn if principal else access_key


def _credentials(ask: dict[str, Any], _: list[str]) -> Any:
    return identity.credentials_of_service(ask["role"], ask["session"], int(ask.get("seconds", 3600)))


def _expire(ask: dict[str, Any], _: list[str]) -> None:
    """Credentials end now instead of in an hour."""
    for session in identity.sts_backends[DEFAULT_ACCOUNT_ID]["aws"].assumed_roles:
        if session.access_key_id == ask["accessKeyId"]:
            session.expiration = utcnow()


def _age_disk(ask: dict[str, Any], path: list[str]) -> None:
    for regions in list(ec2_backends.values()):
        for backend in list(regions.values()):
            for disk in (backend.volumes.get(path[0]), backend.snapshots.get(path[0])):
                if disk is not None:
                    born = "create_time" if hasattr(disk, "create_time") else "start_time"
                    setattr(disk, born, getattr(disk, born) - timedelta(seconds=float(ask["seconds"])))


def _messages(_: dict[str, Any], __: list[str]) -> Any:
    """What topics were told, oldest first."""
    return [
        {"topic": arn, "subject": subject, "message": message}
        for regions in list(sns_backends.values())
        for backend in list(regions.values())
        for arn, topic in list(backend.topics.items())
        for _id, message, subject, _attributes, _group in topic.sent_notifications
    ]


ROUTES: list[tuple[str, str, Handler]] = [
    ("PUT", r"places", lambda ask, _: PLACES.learn(ask)),
    ("POST", r"authorize", _authorize),
    ("GET", r"apis/([^/]+)", lambda _, path: gateway.described(path[0])),
    ("GET", r"functions/([^/]+)", lambda _, path: functions.describe(functions.function_named(path[0]))),
    ("POST", r"credentials", _credentials),
    ("POST", r"credentials/expire", _expire),
    ("PUT", r"enforcement", lambda ask, _: enforcement.enforce(ask["on"])),
    ("GET", r"denials", lambda _, __: enforcement.Enforcement.denials),
    ("POST", r"users", lambda ask, _: identity.create_user(ask["name"], ask["policies"], ask.get("attached", []))),
    ("POST", r"roles", lambda ask, _: identity.create_role(ask["name"], ask["trusts"], ask["policies"])),
    ("GET", r"calls", lambda _, __: calls.counted(_who)),
    ("DELETE", r"calls", lambda _, __: calls.clear()),
    ("PUT", r"prices", lambda ask, _: prices.set_prices(ask)),
    ("GET", r"faults", lambda _, __: faults.listed()),
    ("POST", r"faults", lambda ask, _: faults.add(ask)),
    ("DELETE", r"faults", lambda _, __: faults.clear()),
    ("GET", r"executions", lambda _, __: state_machines.executions()),
    ("GET", r"messages", _messages),
    ("GET", r"recorded", lambda _, __: resources.recorded()),
    ("GET", r"rules/([^/]+)", lambda _, path: events.rules(DEFAULT_ACCOUNT_ID, path[0])),
    ("POST", r"rules/([^/]+)/fire", lambda ask, path: {"targets": events.fire(DEFAULT_ACCOUNT_ID, ask["region"], path[0])}),
    ("POST", r"tunnels", lambda ask, _: instance_connect.tunnel(ask)),
    ("GET", r"instances", _instances),
    ("POST", r"instances/([^/]+)/terminated", lambda ask, path: machines.is_off(machines.find(path[0]), ask["why"], ask.get("console", ""))),
    ("POST", r"instances/([^/]+)/reclaim", lambda ask, path: machines.reclaim(machines.find(path[0]), ask.get("why", "spot"))),
    ("POST", r"instances/([^/]+)/interrupt", _interrupt),
    ("POST", r"instances/([^/]+)/age", lambda ask, path: machines.age(machines.find(path[0]), float(ask["seconds"]))),
    ("POST", r"disks/([^/]+)/age", _age_disk),
    ("POST", r"instances/([^/]+)/rebalance", lambda _, path: machines.rebalance(machines.find(path[0]))),
]


def answer(request: Request, body: bytes) -> Response:
    path = request.path.removeprefix("/_rehearsal/")
    if request.method == "GET" and (code := re.fullmatch(r"functions/([^/]+)/code", path)):
        return Response(functions.function_named(code[1]).code_bytes, mimetype="application/zip")
    for method, pattern, handler in ROUTES:
        found = re.fullmatch(pattern, path)
        if found and method == request.method:
            try:
                return _json(200, handler(json.loads(body or b"{}"), list(found.groups())))
            except KeyError as missing:
                return _json(404, {"message": f"no such thing: {missing}"})
    return _json(404, {"message": f"{request.method} {path}: there is no such control call"})


def _json(status: int, value: Any) -> Response:
    return Response(json.dumps(value, default=str), status, mimetype="application/json")
