"""
EventBridge: rules reach functions, topics, queues and state machines; moto's reach a few of them.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html
"""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

from moto.events.models import EventTemplateParser, Rule, events_backends
from moto.moto_api._internal import mock_random

from .deliveries import deliver

OURS = (":lambda:", ":sns:", ":sqs:", ":states:")


def emit(account: str, region: str, source: str, detail_type: str, detail: dict[str, Any], resources: list[str]) -> None:
    """An event of an AWS service, on the default bus."""
    event = {
        "version": "0",
        "id": str(mock_random.uuid4()),
        "detail-type": detail_type,
        "source": source,
        "account": account,
        "time": datetime.now(tz=timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": region,
        "resources": resources,
        "detail": detail,
    }
    bus = events_backends[account][region].event_buses["default"]
    for rule in list(bus.rules.values()):
        if rule.state == "ENABLED" and rule.event_pattern.get_pattern():
            rule.send_to_targets(event)


def rules(account: str, region: str) -> list[dict[str, Any]]:
    return [
        {"name": rule.name, "schedule": rule.scheduled_expression, "targets": [target["Arn"] for target in rule.targets]}
        for rule in events_backends[account][region].event_buses["default"].rules.values()
    ]


def fire(account: str, region: str, rule_name: str) -> int:
    """A scheduled rule's time has come; answers how many targets it has."""
    rule = events_backends[account][region].event_buses["default"].rules[rule_name]
    event = {
        "version": "0",
        "id": str(mock_random.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": account,
        "time": datetime.now(tz=timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": region,
        "resources": [rule.arn],
        "detail": {},
    }
    for target in rule.targets:
        deliver(target["Arn"], _body(target, event))
    return len(rule.targets)


def _body(target: dict[str, Any], event: Any) -> str:
    if target.get("Input"):
        return str(target["Input"])
    shape = target.get("InputTransformer") or {}
    if not shape:
        return json.dumps(event)
    made = EventTemplateParser.parse(
        input_template=shape.get("InputTemplate"), input_paths_map=shape.get("InputPathsMap", {}), event=event
    )
    return made if isinstance(made, str) else json.dumps(made)


def install() -> None:
    theirs = Rule.send_to_targets

    def send_to_targets(rule: Rule, original_event: Any, transform_input: bool = True) -> None:
        # A rule with a schedule alone matches no event.
        if not rule.event_pattern.get_pattern() or not rule.event_pattern.matches_event(original_event):
            return
        kept = rule.targets
        for target in kept:
            if any(service in target["Arn"] for service in OURS):
                deliver(target["Arn"], _body(target, original_event))
        try:
            rule.targets = [t for t in kept if not any(service in t["Arn"] for service in OURS)]
            theirs(rule, original_event, transform_input)
        finally:
            rule.targets = kept

    Rule.send_to_targets = send_to_targets  # type: ignore[method-assign]
