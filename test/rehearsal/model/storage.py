"""
Where moto's storage is kinder or wilder than AWS's: S3 compares an object with the checksum that came along and refuses other bytes
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html), and answers with the headers that the request
asks for (https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html); DynamoDB and Secrets Manager decide and write in one
step, where moto's threads come in between.
"""

from __future__ import annotations

import base64
import hashlib
import threading
from contextlib import AbstractContextManager, nullcontext
from typing import Any
from urllib.parse import parse_qs

from werkzeug.wrappers import Response

from .refusals import refusal

CHECKSUM = "HTTP_X_AMZ_CHECKSUM_SHA256"
ALGORITHM = "HTTP_X_AMZ_SDK_CHECKSUM_ALGORITHM"
DIFFERENT = "The SHA256 you specified did not match the calculated checksum."

ASKED = {f"response-{name.lower()}": name for name in ("Content-Type", "Content-Encoding", "Content-Disposition", "Cache-Control")}

_STEP = threading.RLock()


def one_step(service: str) -> AbstractContextManager[Any]:
    return _STEP if service in ("dynamodb", "secretsmanager") else nullcontext()


def checked(service: str, action: str, environ: dict[str, Any], body: bytes) -> Response | None:
    """The refusal of bytes that are not those announced. moto keeps a checksum only when told its algorithm, S3 whenever there is one."""
    announced = environ.get(CHECKSUM)
    if service != "s3" or action != "PutObject" or announced is None:
        return None
    if base64.b64encode(hashlib.sha256(body).digest()).decode() != announced:
        return refusal(service, "BadDigest", DIFFERENT, 400)
    environ.setdefault(ALGORITHM, "SHA256")
    return None


def as_asked(service: str, action: str, environ: dict[str, Any], start_response: Any) -> Any:
    """Begins the answer with the headers that a request for an object asks for, in place of the object's own."""
    query = parse_qs(environ.get("QUERY_STRING", ""))
    asked = {ASKED[name]: values[0] for name, values in query.items() if name in ASKED}
    if service != "s3" or action != "GetObject" or not asked:
        return start_response

    def begin(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
        others = [(name, value) for name, value in headers if name.title() not in asked]
        return start_response(status, [*others, *asked.items()] if status.startswith("2") else headers, *more)

    return begin
