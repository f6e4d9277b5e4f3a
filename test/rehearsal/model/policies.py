"""
IAM's decision over the policies of one principal.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html
What is not understood never allows: an unknown condition fails an Allow and holds for a Deny.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from .identity import Document, Principal

Context = dict[str, str | list[str]]


def allows(principal: Principal, action: str, resource: str, context: Context | None = None) -> bool:
    """Granted by the principal's own policies, by the session's and the boundary's where there are any, and denied by none."""
    known: Context = {
        "aws:userid": principal.user_id,
        "aws:username": principal.arn.rsplit("/", 1)[-1],
        "aws:PrincipalArn": principal.role or principal.arn,
        "aws:PrincipalAccount": principal.account,
        # The rehearsal's wire is plain HTTP inside one machine; AWS's is not.
        "aws:SecureTransport": "true",
        **(context or {}),
    }
    layers = [principal.policies]
    if principal.session_policy is not None:
        layers.append([principal.session_policy])
    if principal.boundary is not None:
        layers.append([principal.boundary])
    return all(decide(documents, action, resource, known) for documents in layers)


def decide(documents: Iterable[Document], action: str, resource: str, context: Context) -> bool:
    granted = False
    for document in documents:
        for statement in _list(document.get("Statement", [])):
            deny = statement.get("Effect") == "Deny"
            if not _concerns(statement, action, resource, context) or not _holds(statement.get("Condition", {}), context, deny):
                continue
            if deny:
                return False
            granted = True
    return granted


def _concerns(statement: Document, action: str, resource: str, context: Context) -> bool:
    def matches(patterns: Any, value: str, fold: bool) -> bool:
        return any(_like(_filled(p, context), value, fold) for p in _list(patterns))

    if "Action" in statement and not matches(statement["Action"], action, True):
        return False
    if "NotAction" in statement and matches(statement["NotAction"], action, True):
        return False
    # A bucket's or role's own policy names its resource, too.
    if "Resource" in statement and not matches(statement["Resource"], resource, False):
        return False
    return not ("NotResource" in statement and matches(statement["NotResource"], resource, False))


def _like(pattern: str, value: str, fold: bool) -> bool:
    regex = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(regex, value, re.DOTALL | (re.IGNORECASE if fold else 0)) is not None


def _filled(pattern: str, context: Context) -> str:
    def value(found: re.Match[str]) -> str:
        known = context.get(found[1], found[0])
        return known if isinstance(known, str) else found[0]

    return re.sub(r"\$\{([^}]+)\}", value, pattern)


COMPARISONS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda want, got: want == got,
    "StringEqualsIgnoreCase": lambda want, got: want.lower() == got.lower(),
    "StringLike": lambda want, got: _like(want, got, False),
    "ArnEquals": lambda want, got: _like(want, got, False),
    "ArnLike": lambda want, got: _like(want, got, False),
    "Bool": lambda want, got: want.lower() == got.lower(),
    "NumericEquals": lambda want, got: float(got) == float(want),
    "NumericLessThan": lambda want, got: float(got) < float(want),
    "NumericLessThanEquals": lambda want, got: float(got) <= float(want),
    "NumericGreaterThan": lambda want, got: float(got) > float(want),
    "NumericGreaterThanEquals": lambda want, got: float(got) >= float(want),
    "DateLessThan": lambda want, got: _time(got) < _time(want),
    "DateGreaterThan": lambda want, got: _time(got) > _time(want),
}
NEGATED = {"StringNotEquals": "StringEquals", "StringNotLike": "StringLike", "ArnNotEquals": "ArnEquals", "ArnNotLike": "ArnLike"}


def _holds(conditions: dict[str, dict[str, Any]], context: Context, unknown: bool) -> bool:
    folded = {key.lower(): value for key, value in context.items()}
    return all(
        _one(operator, key, [_text(value) for value in _list(wanted)], folded, context, unknown)
        for operator, keys in conditions.items()
        for key, wanted in keys.items()
    )


def _one(operator: str, key: str, wanted: list[str], folded: Context, context: Context, unknown: bool) -> bool:
    quantifier, _, rest = operator.rpartition(":")
    optional = rest.endswith("IfExists")
    name = rest.removesuffix("IfExists")
    got = folded.get(key.lower())
    if name == "Null":
        return (got is None) == (wanted[0] == "true")
    negated = name in NEGATED
    compare = COMPARISONS.get(NEGATED.get(name, name))
    if compare is None:
        return unknown
    if got is None:
        return optional or negated or quantifier == "ForAllValues"
    filled = [_filled(w, context) for w in wanted]
    hits = [any(compare(w, g) for w in filled) for g in _list(got)]
    if negated:
        hits = [not hit for hit in hits]
    return all(hits) if quantifier == "ForAllValues" or negated else any(hits)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]
