"""
Which permissions a call needs: action, resource and condition keys, as IAM's reference lists them.
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
A call that is not known here needs its own name on `*`, which only a wildcard grants.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote

from moto.core import DEFAULT_ACCOUNT_ID as ACCOUNT

from .policies import Context


@dataclass(frozen=True)
class Need:
    action: str
    resource: str = "*"
    context: Context = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    service: str
    action: str
    region: str
    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        return dict(json.loads(self.body or b"{}"))

    @property
    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode(), keep_blank_values=True).items()}

    def arn(self, resource: str) -> str:
        return f"arn:aws:{self.service}:{self.region}:{ACCOUNT}:{resource}"


def needs(call: Call) -> list[Need]:
    known = BY_SERVICE.get(call.service)
    return known(call) if known else [Need(f"{call.service}:{call.action}")]


def _dynamodb(call: Call) -> list[Need]:
    body = call.json
    if call.action.startswith("TransactWrite"):
        return [
            _on_table(call, {"ConditionCheck": "ConditionCheckItem"}.get(kind, f"{kind}Item"), ask)
            for item in body["TransactItems"]
            for kind, ask in item.items()
        ]
    if call.action.startswith("TransactGet"):
        return [_on_table(call, "GetItem", item["Get"]) for item in body["TransactItems"]]
    if call.action.startswith("Batch"):
        return [_on_table(call, call.action, {"TableName": table}) for table in body["RequestItems"]]
    return [_on_table(call, call.action, body)]


def _on_table(call: Call, action: str, ask: dict[str, Any]) -> Need:
    name = str(ask.get("TableName", "*"))
    table = name if name.startswith("arn:") else call.arn(f"table/{name}")
    return Need(f"dynamodb:{action}", f"{table}/index/{ask['IndexName']}" if "IndexName" in ask else table)


S3_OBJECT = {
    "GetObject": "GetObject",
    "HeadObject": "GetObject",
    "PutObject": "PutObject",
    "UploadPart": "PutObject",
    "PostObject:uploads": "PutObject",
    "CompleteMultipartUpload": "PutObject",
    "DeleteObject": "DeleteObject",
    "GetObject:tagging": "GetObjectTagging",
    "PutObject:tagging": "PutObjectTagging",
}
S3_BUCKET = {"ListObjects": "ListBucket", "HeadBucket": "ListBucket", "CreateBucket": "CreateBucket"}


def _s3(call: Call) -> list[Need]:
    bucket, _, key = unquote(call.path).lstrip("/").partition("/")
    arn = f"arn:aws:s3:::{bucket}"
    if call.action in S3_BUCKET:
        prefix: Context = {"s3:prefix": call.query["prefix"][0]} if "prefix" in call.query else {}
        return [Need(f"s3:{S3_BUCKET[call.action]}", arn, prefix)]
    if call.action == "DeleteObjects":
        return [Need("s3:DeleteObject", f"{arn}/*")]
    found = [Need(f"s3:{S3_OBJECT.get(call.action, call.action)}", f"{arn}/{key}")]
    source = call.headers.get("x-amz-copy-source")
    if source:
        found.append(Need("s3:GetObject", f"arn:aws:s3:::{unquote(source).lstrip('/')}"))
    if "x-amz-tagging" in call.headers:
        found.append(Need("s3:PutObjectTagging", f"{arn}/{key}"))
    return found


def _states(call: Call) -> list[Need]:
    body = call.json
    if call.action.startswith("SendTask"):
        from .state_machines import machine_of_token

        return [Need(f"states:{call.action}", machine_of_token(body["taskToken"]) or "*")]
    return [Need(f"states:{call.action}", str(body.get("stateMachineArn") or body.get("executionArn") or "*"))]


def _secrets(call: Call) -> list[Need]:
    from moto.secretsmanager.models import secretsmanager_backends

    body = call.json
    if call.action in ("ListSecrets", "GetRandomPassword"):
        return [Need(f"secretsmanager:{call.action}")]
    backend = secretsmanager_backends[ACCOUNT][call.region]

    def arn(name: str) -> str:
        if name.startswith("arn:"):
            return name
        known = backend.secrets.get(name)
        # Not there yet: AWS appends six characters to its name.
        return known.arn if known else call.arn(f"secret:{name}-AbCdEf")

    if call.action == "BatchGetSecretValue":
        each = [Need("secretsmanager:GetSecretValue", arn(name)) for name in body.get("SecretIdList", [])]
        return [Need("secretsmanager:BatchGetSecretValue"), *each]
    tags: Context = {f"aws:RequestTag/{tag['Key']}": tag["Value"] for tag in body.get("Tags", [])}
    found = [Need(f"secretsmanager:{call.action}", arn(str(body.get("SecretId") or body.get("Name"))), tags)]
    if tags and call.action == "CreateSecret":
        found.append(Need("secretsmanager:TagResource", found[0].resource, tags))
    return found


def _sts(call: Call) -> list[Need]:
    # Everybody may ask who they are; AssumeRole is decided with the role's trust, in enforcement.py.
    return []


def _topics(call: Call) -> list[Need]:
    return [Need(f"sns:{call.action}", call.form.get("TopicArn") or call.form.get("TargetArn") or "*")]


def _functions(call: Call) -> list[Need]:
    name = unquote(call.path).rsplit("/", 2)[-2]
    return [Need("lambda:InvokeFunction", name if name.startswith("arn:") else call.arn(f"function:{name}"))]


def _stacks(call: Call) -> list[Need]:
    name = call.form.get("StackName", "*")
    return [Need(f"cloudformation:{call.action}", name if name.startswith("arn:") else call.arn(f"stack/{name}/*"))]


def _quotas(call: Call) -> list[Need]:
    body = call.json
    return [Need(f"servicequotas:{call.action}", call.arn(f"{body.get('ServiceCode')}/{body.get('QuotaCode')}"))]


def _parameters(call: Call) -> list[Need]:
    body = call.json
    names = body.get("Names") or [body.get("Name", "*")]
    return [Need(f"ssm:{call.action}", call.arn(f"parameter/{str(name).lstrip('/')}")) for name in names]


def _ec2(call: Call) -> list[Need]:
    from .needs_ec2 import ec2_needs

    return ec2_needs(call)


def _pushing(call: Call) -> list[Need]:
    from .needs_ec2 import of_instance

    ask = call.json
    context = of_instance(str(ask.get("InstanceId"))) | {"ec2:osuser": str(ask.get("InstanceOSUser"))}
    arn = f"arn:aws:ec2:{call.region}:{ACCOUNT}:instance/{ask.get('InstanceId')}"
    return [Need(f"ec2-instance-connect:{call.action}", arn, context)]


BY_SERVICE: dict[str, Callable[[Call], list[Need]]] = {
    "dynamodb": _dynamodb,
    "s3": _s3,
    "states": _states,
    "secretsmanager": _secrets,
    "sts": _sts,
    "sns": _topics,
    "lambda": _functions,
    "cloudformation": _stacks,
    "ec2": _ec2,
    "ssm": _parameters,
    "servicequotas": _quotas,
    "ec2-instance-connect": _pushing,
}
