"""Hands a message to whatever its ARN names: function, topic, queue or state machine."""

from __future__ import annotations

import json
from typing import Any

from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends
from moto.utilities.arns import parse_arn


def deliver(arn: str, body: str) -> None:
    where = parse_arn(arn)
    if where.service == "lambda":
        from .functions import function_named, invoke_later

        invoke_later(function_named(arn), body.encode())
    elif where.service == "sns":
        sns_backends[where.account][where.region].publish(message=body, arn=arn)
    elif where.service == "sqs":
        sqs_backends[where.account][where.region].send_message(where.resource_id, body)
    elif where.service == "states":
        _execute(arn, where.account, where.region, json.loads(body))
    else:
        raise RuntimeError(f"nothing is delivered to {arn}")


def _execute(arn: str, account: str, region: str, event: Any) -> None:
    from moto.moto_api._internal import mock_random
    from moto.stepfunctions.responses import get_backend

    name = str(mock_random.uuid4())
    get_backend(account, region).start_execution(state_machine_arn=arn, name=name, execution_input=json.dumps(event))
