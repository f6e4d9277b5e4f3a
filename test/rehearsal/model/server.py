"""The one server that everything speaks to: control calls, then faults and counting, then moto."""

from __future__ import annotations

import io
import logging
import threading
import traceback
from collections.abc import Iterable
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server
from werkzeug.wrappers import Request

from . import (
    calls,
    enforcement,
    events,
    faults,
    fleet,
    functions,
    gateway,
    heartbeats,
    images,
    instance_connect,
    machines,
    prices,
    quotas,
    region,
    resources,
    stacks,
    state_machines,
    storage,
    volumes,
)
from .control import answer
from .refusals import refusal

# Kept alive: CloudFormation finds types through their classes.
TYPES = gateway.install()


def install() -> None:
    for part in (region, resources, stacks, functions, events, state_machines, heartbeats, machines, fleet, volumes, images, prices, quotas):
        part.install()


class Application:
    def __init__(self) -> None:
        self.moto = DomainDispatcherApplication(create_backend_app)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        body = _body(environ)
        environ["wsgi.input"] = io.BytesIO(body)
        if environ.get("PATH_INFO", "").startswith("/_rehearsal/"):
            return answer(Request(environ), body)(environ, start_response)
        service, action, key = calls.named(environ, body)
        calls.count(service, action, key, len(body))
        fault = faults.of_call(service, action)
        if fault is not None:
            return refusal(service, fault.code, fault.message, fault.status)(environ, start_response)
        refused = enforcement.refused(environ, body, service, action, key)
        if refused is not None:
            return refused(environ, start_response)
        other = (
            storage.checked(service, action, environ, body)
            or instance_connect.answered(service, action, environ, body, key)
            or prices.answered(service, action, environ, body)
        )
        if other is not None:
            return other(environ, start_response)
        try:
            begin = storage.as_asked(service, action, environ, start_response)
            with storage.one_step(service):
                return self.moto(environ, begin)
        except Exception as error:
            traceback.print_exc()
            return refusal(service, "InternalFailure", f"{action} failed inside moto: {error!r}", 500)(environ, start_response)
        finally:
            machines.turn_on_launched()


def _body(environ: dict[str, Any]) -> bytes:
    source = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):
        body = bytes(source.read())
        # moto looks at the length alone.
        environ["CONTENT_LENGTH"] = str(len(body))
        return body
    return bytes(source.read(int(environ.get("CONTENT_LENGTH") or 0)))


def serve(port: int, addresses: list[str]) -> None:
    install()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    application = Application()
    servers: list[BaseWSGIServer] = [make_server(a, port, application, threaded=True) for a in ["127.0.0.1", *addresses]]
    for server in servers[1:]:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"listening on {port}", flush=True)
    servers[0].serve_forever()
