"""
Whether a call is let through: signed by a known key, and allowed by its principal's policies. Off until a test turns it on.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any
from urllib.parse import parse_qs

from werkzeug.wrappers import Response

from .identity import Principal, iam
from .needs import Call, Need, needs
from .policies import allows
from .refusals import refusal
from .signature import BadSignature, Signed, verify

# Step Functions' own key inside moto: it calls Lambda in the name of the state machine.
INSIDE = "ak"
SESSION_POLICY_CHARACTERS = 2048
CHAINED_SECONDS = 3600


class Enforcement:
    on = False
    denials: list[dict[str, str]] = []


def enforce(on: bool) -> None:
    Enforcement.on = on
    Enforcement.denials = []


def refused(environ: dict[str, Any], body: bytes, service: str, action: str, key: str) -> Response | None:
    if not Enforcement.on or key == INSIDE:
        return None
    call = _call(environ, body, service, action)
    raw_path, _, raw_query = environ.get("RAW_URI", call.path).partition("?")
    signed = Signed(call.method, raw_path, raw_query, call.headers, hashlib.sha256(body).hexdigest())
    try:
        who = verify(signed)
    except BadSignature as bad:
        return refusal(service, bad.code, bad.message, 403)
    if (service, action) == ("sts", "AssumeRole"):
        return _assume(who, call)
    for need in needs(call):
        if not allows(who, need.action, need.resource, need.context):
            return _denied(who, call, need)
    return None


def _call(environ: dict[str, Any], body: bytes, service: str, action: str) -> Call:
    headers = {name[5:].replace("_", "-").lower(): str(value) for name, value in environ.items() if name.startswith("HTTP_")}
    if environ.get("CONTENT_TYPE"):
        headers["content-type"] = environ["CONTENT_TYPE"]
    if environ.get("CONTENT_LENGTH"):
        headers["content-length"] = str(environ["CONTENT_LENGTH"])
    scope = re.search(r"/\d{8}/([a-z0-9-]+)/", headers.get("authorization", ""))
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    region = scope[1] if scope else "us-east-1"
    return Call(service, action, region, environ["REQUEST_METHOD"], environ.get("PATH_INFO", ""), query, headers, body)


def _denied(who: Principal, call: Call, need: Need) -> Response:
    message = f"User: {who.arn} is not authorized to perform: {need.action} on resource: {need.resource}"
    Enforcement.denials.append({"principal": who.arn, "action": need.action, "resource": need.resource})
    print(f"denied: {message} {json.dumps(need.context)}", flush=True)
    if call.service == "ec2":
        return refusal("ec2", "UnauthorizedOperation", f"You are not authorized to perform this operation. {message}", 403)
    if call.service in ("s3", "sts", "sns", "cloudformation"):
        return refusal(call.service, "AccessDenied", message, 403)
    return refusal(call.service, "AccessDeniedException", message, 400)


def _assume(who: Principal, call: Call) -> Response | None:
    """The role's trust must name the caller; where it names the whole account, the caller's policies must allow it, too."""
    form = call.form
    arn = form["RoleArn"]
    need = Need("sts:AssumeRole", arn)
    try:
        role = iam().get_role_by_arn(arn)
    except Exception:
        return _denied(who, call, need)
    trust = role.assume_role_policy_document
    document = json.loads(trust) if isinstance(trust, str) else trust
    allowing = [statement for statement in document["Statement"] if statement["Effect"] == "Allow"]
    trusted = [name for statement in allowing for name in _list(statement.get("Principal", {}).get("AWS", []))]
    by_name = who.arn in trusted or who.role in trusted
    by_account = any(name in (who.account, f"arn:aws:iam::{who.account}:root") for name in trusted)
    if not by_name and not (by_account and allows(who, need.action, arn)):
        return _denied(who, call, need)
    if len(form.get("Policy", "")) > SESSION_POLICY_CHARACTERS:
        return refusal("sts", "PackedPolicyTooLarge", "Packed policy consumes more than 100% of allotted space", 400)
    if who.role and int(form.get("DurationSeconds", "3600")) > CHAINED_SECONDS:
        message = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"
        return refusal("sts", "ValidationError", message, 400)
    return None


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]
