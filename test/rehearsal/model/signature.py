"""
Signature version 4, checked as a service checks it: in headers or in the query.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from urllib.parse import quote, unquote

from .identity import Principal, principal_of

SKEW = timedelta(minutes=5)
UNRESERVED = "-_.~"
IN_HEADER = re.compile(r"AWS4-HMAC-SHA256\s+Credential=([^,\s]+),\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]+)")


@dataclass(frozen=True)
class Signed:
    """A request as it came over the wire. Header names in lower case."""

    method: str
    raw_path: str
    raw_query: str
    headers: dict[str, str]
    body_sha256: str


class BadSignature(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class _Claim:
    credential: str
    signed_headers: list[str]
    signature: str
    date: str
    token: str | None
    lifetime: timedelta | None


def verify(request: Signed, now: datetime | None = None) -> Principal:
    claim = _claim(request)
    try:
        access_key, day, region, service, end = claim.credential.split("/")
    except ValueError:
        raise BadSignature("IncompleteSignature", "the credential has five parts") from None
    if end != "aws4_request" or not claim.date.startswith(day):
        raise BadSignature("IncompleteSignature", "the credential's scope is not the request's")
    principal = principal_of(access_key)
    if principal is None:
        raise BadSignature("InvalidClientTokenId", "The security token included in the request is invalid.")
    if principal.token != claim.token:
        raise BadSignature("InvalidClientTokenId", "The security token included in the request is invalid.")
    if principal.expired:
        raise BadSignature("ExpiredTokenException", "The security token included in the request is expired")
    _in_time(claim, now or datetime.now(tz=timezone.utc))
    if "host" not in claim.signed_headers:
        raise BadSignature("SignatureDoesNotMatch", "the host must be signed")
    canonical = _canonical(request, claim, service)
    scope = "/".join([day, region, service, end])
    to_sign = "\n".join(["AWS4-HMAC-SHA256", claim.date, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = f"AWS4{principal.secret}".encode()
    for part in (day, region, service, end):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    expected = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, claim.signature):
        raise BadSignature(
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. "
            "Check your AWS Secret Access Key and signing method.",
        )
    return principal


def _claim(request: Signed) -> _Claim:
    header = request.headers.get("authorization")
    if header is not None:
        found = IN_HEADER.match(header)
        if not found:
            raise BadSignature("IncompleteSignature", "Authorization is not of AWS4-HMAC-SHA256")
        date = request.headers.get("x-amz-date", "")
        token = request.headers.get("x-amz-security-token")
        return _Claim(found[1], found[2].split(";"), found[3], date, token, None)
    query = dict(_pairs(request.raw_query))
    if "X-Amz-Signature" not in query:
        raise BadSignature("MissingAuthenticationToken", "Missing Authentication Token")
    return _Claim(
        credential=query.get("X-Amz-Credential", ""),
        signed_headers=query.get("X-Amz-SignedHeaders", "").split(";"),
        signature=query["X-Amz-Signature"],
        date=query.get("X-Amz-Date", ""),
        token=query.get("X-Amz-Security-Token"),
        # Without it a presigned request is good for the skew alone.
        lifetime=timedelta(seconds=int(query["X-Amz-Expires"])) if "X-Amz-Expires" in query else None,
    )


def _in_time(claim: _Claim, now: datetime) -> None:
    try:
        signed = datetime.strptime(claim.date, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
    except ValueError:
        raise BadSignature("IncompleteSignature", "X-Amz-Date is missing or malformed") from None
    if signed > now + SKEW or now > signed + (claim.lifetime or SKEW):
        raise BadSignature("SignatureExpired", f"Signature expired: {claim.date} is now earlier than {now:%Y%m%dT%H%M%SZ}")


def _canonical(request: Signed, claim: _Claim, service: str) -> str:
    in_query = "authorization" not in request.headers
    pairs = [(k, v) for k, v in _pairs(request.raw_query) if not (in_query and k == "X-Amz-Signature")]
    query = "&".join(f"{k}={v}" for k, v in sorted((quote(k, safe=UNRESERVED), quote(v, safe=UNRESERVED)) for k, v in pairs))
    # Every service but S3 encodes the path a second time.
    path = quote(unquote(request.raw_path), safe="/" + UNRESERVED)
    if service != "s3":
        path = quote(request.raw_path, safe="/" + UNRESERVED)
    headers = "".join(f"{name}:{' '.join(request.headers.get(name, '').split())}\n" for name in claim.signed_headers)
    names = ";".join(claim.signed_headers)
    return "\n".join([request.method, path or "/", query, headers, names, _payload(request, in_query, service)])


def _payload(request: Signed, in_query: bool, service: str) -> str:
    declared = request.headers.get("x-amz-content-sha256")
    if in_query:
        return declared or ("UNSIGNED-PAYLOAD" if service == "s3" else request.body_sha256)
    if declared is None:
        return request.body_sha256
    if not declared.startswith(("UNSIGNED", "STREAMING")) and declared != request.body_sha256:
        message = "The provided 'x-amz-content-sha256' header does not match what was computed."
        raise BadSignature("XAmzContentSHA256Mismatch", message)
    return declared


def _pairs(raw_query: str) -> list[tuple[str, str]]:
    parts = [part.partition("=") for part in raw_query.split("&") if part]
    return [(unquote(name), unquote(value)) for name, _, value in parts]
