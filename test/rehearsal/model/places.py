"""Where the programs beside this one listen, as they told us: the Lambda host, the front of API Gateway, the instances."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

# Nothing that these are asked takes longer than the longest function, 15 minutes.
LONGEST_SECONDS = 930.0


@dataclass
class Places:
    lambdas: str = ""
    front: str = ""
    instances: str = ""
    # Host and port of the endpoint that tunnels are opened at.
    tunnels: str = "endpoint.invalid"

    def learn(self, places: dict[str, str]) -> None:
        self.lambdas = places.get("lambdas", self.lambdas)
        self.front = places.get("front", self.front)
        self.instances = places.get("instances", self.instances)
        self.tunnels = places.get("tunnels", self.tunnels)


PLACES = Places()


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


def ask(method: str, url: str, body: bytes | None, headers: dict[str, str] | None = None) -> Answer:
    request = urllib.request.Request(url, data=body, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=LONGEST_SECONDS) as response:
            return Answer(response.status, {k.lower(): v for k, v in response.headers.items()}, response.read())
    except urllib.error.HTTPError as refused:
        return Answer(refused.code, {k.lower(): v for k, v in refused.headers.items()}, refused.read())


def ask_json(method: str, url: str, body: Any = None) -> Any:
    sent = None if body is None else json.dumps(body).encode()
    answer = ask(method, url, sent, {"content-type": "application/json"})
    if answer.status >= 300:
        raise RuntimeError(f"{method} {url}: {answer.status} {answer.body[:300]!r}")
    return json.loads(answer.body) if answer.body else None
