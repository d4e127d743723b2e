"""Evaluation of IAM policies: what a statement says of a request, and what all policies together decide.

The rules are those of the IAM user guide, "Policy evaluation logic" and "IAM JSON policy elements". A request is judged
for one resource at a time; `judge` makes the requests of a call.
"""

from __future__ import annotations

import base64
import datetime
import functools
import ipaddress
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

# Keys in lower case: IAM does not look at their case.
Context = Mapping[str, list[str]]


@dataclass(frozen=True)
class Request:
    """One action on one resource. `principals` matter to policies that name them: those of roles and buckets."""

    action: str
    resource: str = "*"
    context: Context = field(default_factory=dict)
    principals: dict[str, set[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Policies:
    """What decides about a caller. An absent boundary or session policy limits nothing."""

    identity: list[dict[str, Any]]
    boundary: dict[str, Any] | None = None
    session: dict[str, Any] | None = None


def refusal(request: Request, policies: Policies) -> str | None:
    """Why the request is refused, in AWS's words, or None when it is allowed."""
    limits = [
        ("identity-based policy", policies.identity),
        ("permissions boundary", None if policies.boundary is None else [policies.boundary]),
        ("session policy", None if policies.session is None else [policies.session]),
    ]
    verdicts = [(kind, effects(documents, request)) for kind, documents in limits if documents is not None]
    for kind, found in verdicts:
        if "Deny" in found:
            return f"with an explicit deny in {_article(kind)}"
    for kind, found in verdicts:
        if "Allow" not in found:
            return f"because no {kind} allows the {request.action} action"
    return None


def _article(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


def effects(documents: Iterable[dict[str, Any]], request: Request) -> set[str]:
    """The effects of all statements that apply to the request."""
    statements = (statement for document in documents for statement in _listed(document.get("Statement", [])))
    return {statement.get("Effect", "") for statement in statements if _applies(statement, request)}


@functools.lru_cache(maxsize=1024)
def parse(document: str) -> dict[str, Any]:
    """A policy as a dictionary, which nobody may change."""
    return json.loads(document)


def _applies(statement: dict[str, Any], request: Request) -> bool:
    return (
        _names_action(statement, request.action)
        and _names_resource(statement, request)
        and _names_principal(statement, request.principals)
        and all(
            _holds(operator, key, [_text(value) for value in _listed(expected)], request.context)
            for operator, tests in statement.get("Condition", {}).items()
            for key, expected in tests.items()
        )
    )


def _names_action(statement: dict[str, Any], action: str) -> bool:
    def named(patterns: Any) -> bool:
        return any(_like(pattern.lower(), action.lower()) for pattern in _listed(patterns))

    if "NotAction" in statement:
        return not named(statement["NotAction"])
    return named(statement.get("Action", []))


def _names_resource(statement: dict[str, Any], request: Request) -> bool:
    def named(patterns: Any) -> bool:
        filled = (_filled(pattern, request.context) for pattern in _listed(patterns))
        return any(pattern is not None and _like_arn(pattern, request.resource) for pattern in filled)

    if "NotResource" in statement:
        return not named(statement["NotResource"])
    # Trust policies have no resource: it is the role.
    return "Resource" not in statement or named(statement["Resource"])


def _names_principal(statement: dict[str, Any], principals: dict[str, set[str]]) -> bool:
    def named(principal: Any) -> bool:
        if principal == "*":
            return True
        return any(
            "*" in _listed(names) or principals.get(kind, set()) & set(_listed(names))
            for kind, names in principal.items()
        )

    if "NotPrincipal" in statement:
        return not named(statement["NotPrincipal"])
    return "Principal" not in statement or named(statement["Principal"])


def _holds(operator: str, key: str, expected: list[str], context: Context) -> bool:
    actual = context.get(key.lower())
    if operator == "Null":
        return (actual is None) == (expected[0].lower() == "true")
    quantifier, _, rest = operator.rpartition(":")
    optional = rest.endswith("IfExists")
    name = rest.removesuffix("IfExists")
    negated = "Not" in name
    test = _OPERATORS.get(name.replace("Not", ""))
    if test is None or quantifier not in ("", "ForAllValues", "ForAnyValue"):
        raise ValueError(f"{operator} is no condition operator of IAM")
    if not actual:
        # A missing key satisfies the negated operators, those with IfExists, and ForAllValues, which has nothing to fail.
        return quantifier == "ForAllValues" or (quantifier == "" and (negated or optional))
    patterns = [filled for filled in (_filled(value, context) for value in expected) if filled is not None]

    def matches(value: str) -> bool:
        return any(_safely(test, value, pattern) for pattern in patterns)

    if quantifier == "ForAllValues":
        return all(matches(value) != negated for value in actual)
    if quantifier == "ForAnyValue":
        return any(matches(value) != negated for value in actual)
    return any(matches(value) for value in actual) != negated


def _safely(test: Callable[[str, str], bool], actual: str, expected: str) -> bool:
    """A value of another kind than the operator's never matches."""
    try:
        return test(actual, expected)
    except ValueError:
        return False


_VARIABLE = re.compile(r"\$\{([^}]*)\}")


def _filled(pattern: str, context: Context) -> str | None:
    """The pattern with its policy variables replaced; None when one has no value, and then nothing matches."""
    missing = False

    def value(match: re.Match[str]) -> str:
        nonlocal missing
        name, _, default = match[1].partition(",")
        if name in ("*", "?", "$"):
            return _LITERALS[name]
        found = context.get(name.strip().lower())
        if found and len(found) == 1:
            return "".join(_LITERALS.get(letter, letter) for letter in found[0])
        if default:
            return default.strip().strip("'")
        missing = True
        return ""

    filled = _VARIABLE.sub(value, pattern)
    return None if missing else filled


# What stands for itself, where `*` and `?` are wildcards. No ARN and no tag has these characters.
_LITERALS = {"*": "\ue000", "?": "\ue001", "$": "$"}


def _plain(filled: str) -> str:
    """The text itself, where nothing is a wildcard."""
    return filled.replace(_LITERALS["*"], "*").replace(_LITERALS["?"], "?")


def _like(pattern: str, text: str) -> bool:
    """Whether the text has the form of the pattern, in which `*` and `?` are the only wildcards."""
    return _expression(pattern).fullmatch(text) is not None


@functools.lru_cache(maxsize=4096)
def _expression(pattern: str) -> re.Pattern[str]:
    literals = {"\ue000": re.escape("*"), "\ue001": re.escape("?")}
    parts = {"*": ".*", "?": "."} | literals
    return re.compile("".join(parts.get(letter) or re.escape(letter) for letter in pattern), re.DOTALL)


def _like_arn(pattern: str, arn: str) -> bool:
    """Of the six parts of an ARN each is compared by itself: a wildcard does not reach beyond a colon of the first five."""
    if pattern == "*" or not arn.startswith("arn:"):
        return _like(pattern, arn)
    patterns, parts = pattern.split(":", 5), arn.split(":", 5)
    if len(patterns) < 6:
        return False
    return all(_like(one, other) for one, other in zip(patterns, parts, strict=True))


def _date(text: str) -> datetime.datetime:
    if text.isdigit():
        return datetime.datetime.fromtimestamp(int(text), datetime.timezone.utc)
    found = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return found if found.tzinfo else found.replace(tzinfo=datetime.timezone.utc)


def _in_network(address: str, network: str) -> bool:
    return ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False)


def _comparing(read: Callable[[str], Any]) -> dict[str, Callable[[str, str], bool]]:
    return {
        "Equals": lambda actual, expected: read(actual) == read(expected),
        "LessThan": lambda actual, expected: read(actual) < read(expected),
        "LessThanEquals": lambda actual, expected: read(actual) <= read(expected),
        "GreaterThan": lambda actual, expected: read(actual) > read(expected),
        "GreaterThanEquals": lambda actual, expected: read(actual) >= read(expected),
    }


# The negated operators are these with `Not`.
_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda actual, expected: actual == _plain(expected),
    "StringEqualsIgnoreCase": lambda actual, expected: actual.lower() == _plain(expected).lower(),
    "StringLike": lambda actual, expected: _like(expected, actual),
    "ArnEquals": lambda actual, expected: _like_arn(expected, actual),
    "ArnLike": lambda actual, expected: _like_arn(expected, actual),
    "Bool": lambda actual, expected: actual.lower() == expected.lower(),
    "BinaryEquals": lambda actual, expected: base64.b64decode(actual) == base64.b64decode(expected),
    "IpAddress": _in_network,
    **{f"Numeric{name}": test for name, test in _comparing(float).items()},
    **{f"Date{name}": test for name, test in _comparing(_date).items()},
}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str:
    # JSON allows true and 3600 where AWS compares text.
    return str(value).lower() if isinstance(value, bool) else str(value)
