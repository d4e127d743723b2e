"""Evaluation of a role's trust policy: may this caller, under these circumstances, take the role?"""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Callable
from typing import Any

Context = dict[str, str]


def allows(document: str, action: str, principals: dict[str, set[str]], context: Context) -> bool:
    """Whether the policy lets the principals (by kind: `AWS`, `Federated`) do the action. A Deny wins, as on AWS."""
    statements = _listed(json.loads(document).get("Statement", []))
    matching = [s for s in statements if _applies(s, action, principals, context)]
    effects = {statement.get("Effect") for statement in matching}
    return "Allow" in effects and "Deny" not in effects


def _applies(statement: dict[str, Any], action: str, principals: dict[str, set[str]], context: Context) -> bool:
    actions = _listed(statement.get("Action", []))
    if not any(fnmatch.fnmatchcase(action.lower(), pattern.lower()) for pattern in actions):
        return False
    if not _names_principal(statement.get("Principal", {}), principals):
        return False
    return all(
        _holds(operator, key, _listed(expected), context)
        for operator, tests in statement.get("Condition", {}).items()
        for key, expected in tests.items()
    )


def _names_principal(principal: Any, principals: dict[str, set[str]]) -> bool:
    if principal == "*":
        return True
    return any(
        "*" in _listed(named) or principals.get(kind, set()) & set(_listed(named)) for kind, named in principal.items()
    )


def aws_principals(arn: str, account: str, role_arn: str | None) -> set[str]:
    """Every way in which a trust policy can name this caller."""
    names = {arn, account, f"arn:aws:iam::{account}:root"}
    return names | {role_arn} if role_arn else names


def _holds(operator: str, key: str, expected: list[str], context: Context) -> bool:
    operator = re.sub(r"^For(Any|All)Values:", "", operator)
    optional = operator.endswith("IfExists")
    operator = operator.removesuffix("IfExists")
    actual = {name.lower(): value for name, value in context.items()}.get(key.lower())
    if operator == "Null":
        return (actual is None) == (expected[0].lower() == "true")
    negated = "Not" in operator
    if actual is None:
        # A missing key satisfies the negated operators and the IfExists ones, and nothing else.
        return optional or negated
    test = _OPERATORS.get(operator.replace("Not", ""))
    if test is None:
        return False
    return any(test(actual, value) for value in expected) != negated


_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda actual, value: actual == value,
    "StringEqualsIgnoreCase": lambda actual, value: actual.lower() == value.lower(),
    "StringLike": fnmatch.fnmatchcase,
    "ArnEquals": fnmatch.fnmatchcase,
    "ArnLike": fnmatch.fnmatchcase,
    "Bool": lambda actual, value: actual.lower() == value.lower(),
    "NumericEquals": lambda actual, value: float(actual) == float(value),
    "NumericLessThan": lambda actual, value: float(actual) < float(value),
    "NumericLessThanEquals": lambda actual, value: float(actual) <= float(value),
    "NumericGreaterThan": lambda actual, value: float(actual) > float(value),
    "NumericGreaterThanEquals": lambda actual, value: float(actual) >= float(value),
}


def _listed(value: Any) -> list[Any]:
    if isinstance(value, list):
        return [_text(item) for item in value]
    return [_text(value)]


def _text(value: Any) -> Any:
    # JSON allows true and 3600 where AWS compares strings.
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, (int, float)) else value
