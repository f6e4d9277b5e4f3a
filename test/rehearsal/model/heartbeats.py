"""
A missing heartbeat has an error name of its own, which `States.Timeout` matches, too; moto has the latter alone.
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html#error-handling-error-representation

A token counts from when the task was given it: what is answered before the called function has returned completes the state. moto
loses such an answer where the state has a heartbeat.
https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-wait-token
"""

from __future__ import annotations

from typing import Any

from moto.stepfunctions.parser.api import HistoryEventType, TaskTimedOutEventDetails
from moto.stepfunctions.parser.asl.component.common.error_name.error_equals_decl import ErrorEqualsDecl
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task import StateTask
from moto.stepfunctions.parser.asl.eval.callback.callback import CallbackEndpoint, HeartbeatEndpoint, HeartbeatTimeoutError
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails

SILENT = StatesErrorName(typ=StatesErrorNameType.StatesHeartbeatTimeout)
LATE = StatesErrorName(typ=StatesErrorNameType.StatesTimeout)


def install() -> None:
    from_error = StateTask._from_error
    matches = ErrorEqualsDecl._eval_body

    def failure_of(state: Any, env: Any, ex: Exception) -> FailureEvent:
        if not isinstance(ex, HeartbeatTimeoutError):
            return from_error(state, env, ex)
        details = EventDetails(taskTimedOutEventDetails=TaskTimedOutEventDetails(error=SILENT.error_name))
        return FailureEvent(env=env, error_name=SILENT, event_type=HistoryEventType.TaskTimedOut, event_details=details)

    def eval_body(declared: Any, env: Any) -> None:
        error = env.stack[-1]
        matches(declared, env)
        if error == SILENT and LATE in declared.error_names:
            env.stack[-1] = True

    begin = CallbackEndpoint.setup_heartbeat_endpoint

    def begin_listening(endpoint: CallbackEndpoint, heartbeat_seconds: int) -> HeartbeatEndpoint:
        listening = begin(endpoint, heartbeat_seconds)
        if endpoint.get_outcome() is not None:
            listening.notify()
        return listening

    CallbackEndpoint.setup_heartbeat_endpoint = begin_listening  # type: ignore[method-assign]
    StateTask._from_error = failure_of  # type: ignore[method-assign]
    ErrorEqualsDecl._eval_body = eval_body  # type: ignore[method-assign]
