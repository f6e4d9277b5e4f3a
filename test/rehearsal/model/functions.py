"""
Lambda: code runs in the Lambda host beside us, as moto has none without Docker.
https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

from __future__ import annotations

import json
import threading
import time
import urllib.parse
from datetime import datetime, timezone
from typing import Any

from moto.awslambda.exceptions import LambdaClientError
from moto.awslambda.models import LambdaFunction, lambda_backends

from .deliveries import deliver
from .places import PLACES, Answer, ask

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
SYNC_BYTES = 6_291_556
ASYNC_BYTES = 1_048_576
# AWS waits one minute and then two; what is rehearsed is that it comes again.
RETRY_SECONDS = (0.2, 0.4)


class RequestTooLarge(LambdaClientError):
    code = 413

    def __init__(self, size: int, limit: int) -> None:
        super().__init__("RequestTooLargeException", f"{size} byte payload is too large for the maximum of {limit} bytes")


class ServiceFailed(LambdaClientError):
    """
    Not the function's failure but Lambda's.
    https://docs.aws.amazon.com/step-functions/latest/dg/bp-lambda-serviceexception.html
    """

    code = 500

    def __init__(self, message: str) -> None:
        super().__init__("ServiceException", message)


def call(function: LambdaFunction, payload: bytes) -> Answer:
    name = urllib.parse.quote(function.function_name)
    return ask("POST", f"{PLACES.lambdas}/invoke/{name}", payload, {"content-type": "application/json"})


def invoke(function: LambdaFunction, body: Any, request_headers: Any, response_headers: Any) -> bytes:
    """Replaces `LambdaFunction.invoke`, through which every caller in moto comes (API, SNS, SQS, logs)."""
    payload = body.encode() if isinstance(body, str) else (body or b"{}")
    wanted = {k.lower(): v for k, v in dict(request_headers or {}).items()}.get("x-amz-invocation-type", "RequestResponse")
    limit = ASYNC_BYTES if wanted == "Event" else SYNC_BYTES
    if len(payload) > limit:
        raise RequestTooLarge(len(payload), limit)
    if wanted == "DryRun":
        return b""
    if wanted == "Event":
        invoke_later(function, payload)
        return b""
    answer = call(function, payload)
    if answer.status != 200:
        raise ServiceFailed(answer.body.decode(errors="replace"))
    failed = answer.headers.get("x-amz-function-error")
    if failed:
        response_headers["x-amz-function-error"] = failed
    return answer.body


def invoke_later(function: LambdaFunction, payload: bytes) -> None:
    threading.Thread(target=_until_done, args=(function, payload), daemon=True).start()


def _until_done(function: LambdaFunction, payload: bytes) -> None:
    config = _event_config(function)
    tries = 1 + int(config.get("MaximumRetryAttempts", 2))
    answer = Answer(500, {}, b"")
    for n in range(tries):
        if n > 0:
            time.sleep(RETRY_SECONDS[min(n, len(RETRY_SECONDS)) - 1])
        answer = call(function, payload)
        if answer.status == 200 and "x-amz-function-error" not in answer.headers:
            _to(_destination(config, "OnSuccess"), function, payload, answer, "Success")
            return
    _to(_destination(config, "OnFailure"), function, payload, answer, "RetriesExhausted")
    letters = (getattr(function, "dead_letter_config", None) or {}).get("TargetArn")
    if letters:
        deliver(letters, payload.decode())


def _event_config(function: LambdaFunction) -> dict[str, Any]:
    found = function.event_invoke_config
    return found[-1].config if found else {}


def _destination(config: dict[str, Any], when: str) -> str | None:
    found = config.get("DestinationConfig", {}).get(when, {}).get("Destination")
    return str(found) if found else None


def _to(target: str | None, function: LambdaFunction, payload: bytes, answer: Answer, condition: str) -> None:
    """The record of https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html"""
    if not target:
        return
    record = {
        "version": "1.0",
        "timestamp": datetime.now(tz=timezone.utc).isoformat(),
        "requestContext": {"functionArn": function.function_arn, "condition": condition},
        "requestPayload": json.loads(payload or b"{}"),
        "responseContext": {"statusCode": 200, "functionError": answer.headers.get("x-amz-function-error")},
        "responsePayload": json.loads(answer.body or b"null"),
    }
    deliver(target, json.dumps(record))


def function_named(name: str) -> LambdaFunction:
    """By name or ARN, wherever it was deployed."""
    wanted = name.split(":")[6] if name.startswith("arn:") else name
    for account in list(lambda_backends.values()):
        for backend in list(account.values()):
            if wanted in backend._lambdas._functions:
                return backend.get_function(wanted)
    raise KeyError(name)


def describe(function: LambdaFunction) -> dict[str, Any]:
    """What the Lambda host needs to run it."""
    return {
        "name": function.function_name,
        "arn": function.function_arn,
        "region": function.region,
        "handler": function.handler,
        "runtime": function.run_time,
        "environment": dict(function.environment_vars or {}),
        "role": function.role,
        "timeoutSeconds": int(function.timeout),
        "memoryMb": int(function.memory_size),
        "concurrency": None if function.reserved_concurrency is None else int(function.reserved_concurrency),
        "code": function.code_digest,
        "version": function.version,
    }


def install() -> None:
    LambdaFunction.invoke = invoke  # type: ignore[method-assign]
