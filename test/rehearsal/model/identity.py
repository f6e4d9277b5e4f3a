"""
Who an access key belongs to, and what that principal's policies say, from moto's IAM and STS.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html (the forms of aws:userid)
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.utils import utcnow
from moto.iam.models import IAMBackend, Policy, iam_backends
from moto.sts.models import AssumedRole, sts_backends

Document = dict[str, Any]


@dataclass(frozen=True)
class Principal:
    account: str
    access_key: str
    secret: str
    token: str | None
    arn: str
    user_id: str
    policies: list[Document]
    # Of AssumeRole: what both say is allowed, and nothing else.
    session_policy: Document | None = None
    boundary: Document | None = None
    expires: datetime | None = None
    role: str | None = None
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def expired(self) -> bool:
        return self.expires is not None and self.expires < utcnow()


def iam(account: str = DEFAULT_ACCOUNT_ID) -> IAMBackend:
    return iam_backends[account]["aws"]


def principal_of(access_key: str, account: str = DEFAULT_ACCOUNT_ID) -> Principal | None:
    for session in reversed(sts_backends[account]["aws"].assumed_roles):
        if session.access_key_id == access_key:
            return _role_session(account, session)
    for user in list(iam(account).users.values()):
        for key in user.access_keys:
            if key.access_key_id == access_key and key.status == "Active":
                groups = [g for g in iam(account).groups.values() if user in g.users]
                documents = [d for holder in [user, *groups] for d in _documents(holder)]
                return Principal(account, access_key, key.secret_access_key, None, user.arn, user.id, documents)
    return None


def _role_session(account: str, session: AssumedRole) -> Principal:
    role = iam(account).get_role_by_arn(session.role_arn)
    limits = json.loads(session.policy) if session.policy else None
    boundary = role.permissions_boundary_arn
    return Principal(
        account=account,
        access_key=session.access_key_id,
        secret=session.secret_access_key,
        token=session.session_token,
        arn=session.arn,
        user_id=session.user_id,
        policies=_documents(role),
        session_policy=limits,
        boundary=_managed(iam(account).managed_policies[boundary]) if boundary else None,
        expires=session.expiration.replace(tzinfo=None),
        role=session.role_arn,
    )


def _documents(holder: Any) -> list[Document]:
    inline = [_parsed(text) for text in holder.policies.values()]
    return inline + [_managed(policy) for policy in holder.managed_policies.values()]


def _managed(policy: Policy) -> Document:
    return _parsed(next(v.document for v in policy.versions if v.is_default))


def _parsed(text: Any) -> Document:
    return text if isinstance(text, dict) else dict(json.loads(text))


def credentials_of_service(role_arn: str, session_name: str, seconds: int = 3600) -> dict[str, str]:
    """What Lambda and EC2 do for the code they run: they assume its role themselves."""
    account = role_arn.split(":")[4]
    session = sts_backends[account]["aws"].assume_role(
        region_name="us-east-1", role_session_name=session_name, role_arn=role_arn, policy="", duration=seconds, external_id=""
    )
    return {
        "accessKeyId": session.access_key_id,
        "secretAccessKey": session.secret_access_key,
        "sessionToken": session.session_token,
        "expiration": session.expiration.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def create_user(name: str, policies: list[Document], attached: list[str], account: str = DEFAULT_ACCOUNT_ID) -> dict[str, str]:
    backend = iam(account)
    if name not in backend.users:
        backend.create_user("us-east-1", name)
    user = backend.get_user(name)
    for n, document in enumerate(policies):
        user.put_policy(f"policy-{n}", json.dumps(document))
    for arn in attached:
        backend.attach_user_policy(arn, name)
    key = backend.create_access_key(name)
    return {"accessKeyId": key.access_key_id, "secretAccessKey": key.secret_access_key, "arn": user.arn, "userId": user.id}


def create_role(name: str, trusts: str, policies: list[Document], account: str = DEFAULT_ACCOUNT_ID) -> dict[str, str]:
    statement = {"Effect": "Allow", "Principal": {"AWS": trusts}, "Action": "sts:AssumeRole"}
    trust = {"Version": "2012-10-17", "Statement": [statement]}
    role = iam(account).create_role(name, json.dumps(trust), "/", None, "", [], "3600")
    for n, document in enumerate(policies):
        role.policies[f"policy-{n}"] = json.dumps(document)
    return {"arn": role.arn}
