"""Step Functions: state machines that CloudFormation deploys run in moto's own interpreter of the states language."""

from __future__ import annotations

import copy
from typing import Any

import moto.stepfunctions.models as models
from moto.core.config import default_user_config
from moto.stepfunctions.models import StateMachine
from moto.stepfunctions.parser.models import stepfunctions_parser_backends


def install() -> None:
    default_user_config["stepfunctions"] = {"execute_state_machine": True}
    # moto's CloudFormation deploys to the backend that does not execute; one backend for both.
    models.stepfunctions_backends = stepfunctions_parser_backends  # type: ignore[assignment]
    StateMachine.__deepcopy__ = _as_it_is_now  # type: ignore[attr-defined]


def _as_it_is_now(machine: StateMachine, _: Any) -> StateMachine:
    """An execution keeps the definition that it began with; moto would copy all earlier executions, whose threads cannot be."""
    copied = copy.copy(machine)
    copied.executions = []
    return copied


def machine_of_token(token: str) -> str | None:
    for account in list(stepfunctions_parser_backends.values()):
        for backend in list(account.values()):
            for machine in backend.state_machines:
                for execution in machine.executions:
                    worker = execution.exec_worker
                    if worker is not None and worker.env.callback_pool_manager.get(token) is not None:
                        return str(machine.arn)
    return None


def executions() -> list[dict[str, Any]]:
    """
    Every execution with its billed transitions.
    https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html
    """
    found: list[dict[str, Any]] = []
    for account in list(stepfunctions_parser_backends.values()):
        for backend in list(account.values()):
            for machine in backend.state_machines:
                found.extend(_described(machine.name, execution) for execution in machine.executions)
    return found


def _described(machine: str, execution: Any) -> dict[str, Any]:
    states: list[str] = []
    if execution.exec_worker is not None:
        for event in execution.exec_worker.env.event_manager.get_event_history():
            entered = event.get("stateEnteredEventDetails")
            if entered:
                states.append(entered["name"])
    return {
        "machine": machine,
        "name": execution.name,
        "status": execution.status,
        "error": execution.error,
        "cause": execution.cause,
        "states": states,
        "transitions": len(states),
    }
