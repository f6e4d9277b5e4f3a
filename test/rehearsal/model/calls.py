"""Which service and action a request is, and how many there were: what a session costs is counted, not guessed."""

from __future__ import annotations

import re
import threading
from collections import Counter
from typing import Any
from urllib.parse import parse_qs

SCOPE = re.compile(r"Credential=([^/,]+)/\d{8}/[^/]+/([^/]+)/aws4_request")
# Of the REST services only what costs by the request, or is read by tests, has a name of its own.
S3 = {
    ("GET", True): "GetObject",
    ("PUT", True): "PutObject",
    ("HEAD", True): "HeadObject",
    ("DELETE", True): "DeleteObject",
    ("POST", True): "PostObject",
    ("GET", False): "ListObjects",
    ("PUT", False): "CreateBucket",
    ("HEAD", False): "HeadBucket",
    ("POST", False): "DeleteObjects",
    ("DELETE", False): "DeleteBucket",
}
SUBRESOURCES = {
    "acl",
    "cors",
    "encryption",
    "lifecycle",
    "location",
    "policy",
    "publicAccessBlock",
    "tagging",
    "uploads",
    "versioning",
}

_LOCK = threading.Lock()
_COUNT: Counter[tuple[str, str, str]] = Counter()
_BYTES: Counter[tuple[str, str, str]] = Counter()


def named(environ: dict[str, Any], body: bytes) -> tuple[str, str, str]:
    """Service, action and access key of a request."""
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    signed = SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
    if signed:
        key, service = signed[1], signed[2]
    elif "X-Amz-Credential" in query:
        parts = query["X-Amz-Credential"][0].split("/")
        key, service = parts[0], parts[3] if len(parts) == 5 else "s3"
    else:
        key, service = "", "s3"
    target = environ.get("HTTP_X_AMZ_TARGET")
    if target:
        return service, target.rsplit(".", 1)[-1], key
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        action = re.search(rb"(?:^|&)Action=([A-Za-z0-9]+)", body)
        if action:
            return service, action[1].decode(), key
    path = environ.get("PATH_INFO", "")
    if service == "s3":
        return service, _s3(environ["REQUEST_METHOD"], path, query), key
    if service == "lambda" and path.endswith("/invocations"):
        return service, "Invoke", key
    return service, f"{environ['REQUEST_METHOD']} {re.sub(r'/[^/]*[0-9][^/]*', '/*', path)}", key


def _s3(method: str, path: str, query: dict[str, list[str]]) -> str:
    of_object = path.strip("/").count("/") > 0
    kind = S3.get((method, of_object), method)
    sub = SUBRESOURCES & set(query)
    if sub:
        return f"{kind}:{min(sub)}"
    if "partNumber" in query:
        return "UploadPart"
    return "CompleteMultipartUpload" if "uploadId" in query and method == "POST" else kind


def count(service: str, action: str, key: str, size: int) -> None:
    with _LOCK:
        _COUNT[service, action, key] += 1
        _BYTES[service, action, key] += size


def counted(who: Any) -> list[dict[str, Any]]:
    """With the principal's ARN, as `who(access key)` knows it."""
    with _LOCK:
        rows = list(_COUNT.items())
        sizes = dict(_BYTES)
    return [
        {"service": service, "action": action, "principal": who(key), "count": n, "bytes": sizes[service, action, key]}
        for (service, action, key), n in sorted(rows)
    ]


def clear() -> None:
    with _LOCK:
        _COUNT.clear()
        _BYTES.clear()
