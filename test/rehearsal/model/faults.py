"""
What AWS may answer instead: faults that a test asked for, each a number of times.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

STATUS = {
    "RequestLimitExceeded": 503,
    "Throttling": 400,
    "ThrottlingException": 400,
    "ProvisionedThroughputExceededException": 400,
    "TooManyRequestsException": 429,
    "SlowDown": 503,
    "ServiceUnavailable": 503,
    "InternalError": 500,
    "InternalServerError": 500,
    "AccessDenied": 403,
    "AccessDeniedException": 403,
    "UnauthorizedOperation": 403,
}


@dataclass
class Fault:
    code: str
    service: str | None = None
    action: str | None = None
    message: str = "injected by the rehearsal"
    # Of a launch: the pool that has it; a fault of a pool is an error of that candidate, not of the call.
    zone: str | None = None
    type: str | None = None
    lifecycle: str | None = None
    pool: bool = False
    # Of what the call makes: it is answered as always, and what was made turns out so later.
    made: bool = False
    times: int | None = None
    hits: int = 0

    @property
    def status(self) -> int:
        return STATUS.get(self.code, 400)


_LOCK = threading.Lock()
_FAULTS: list[Fault] = []


def add(asked: dict[str, Any]) -> None:
    fault = Fault(**asked)
    fault.pool = fault.pool or any((fault.zone, fault.type, fault.lifecycle))
    with _LOCK:
        _FAULTS.append(fault)


def clear() -> None:
    with _LOCK:
        _FAULTS.clear()


def listed() -> list[dict[str, Any]]:
    return [vars(fault) for fault in _FAULTS]


def of_call(service: str, action: str) -> Fault | None:
    return _take(lambda f: not f.pool and not f.made and f.service in (None, service) and f.action in (None, action))


def of_pool(action: str, zone: str, kind: str, lifecycle: str) -> Fault | None:
    return _take(
        lambda f: (
            f.pool
            and f.action in (None, action)
            and f.zone in (None, zone)
            and f.type in (None, kind)
            and f.lifecycle in (None, lifecycle)
        )
    )


def of_made(action: str) -> Fault | None:
    return _take(lambda f: f.made and f.action == action)


def _take(wanted: Any) -> Fault | None:
    with _LOCK:
        for fault in _FAULTS:
            if wanted(fault) and (fault.times is None or fault.hits < fault.times):
                fault.hits += 1
                return fault
    return None
